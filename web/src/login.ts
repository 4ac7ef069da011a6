/** Log-in and log-out. The form itself is the server's: this page is served only to those who are logged in. */

/** To the form, and back to this view afterwards: the session has ended (logged out in another tab, run out, or the monitor was started again). */
export function toLogin(): void {
  location.assign(loginUrl(document.baseURI, location.search + location.hash));
}

/** `next` is a path of the monitor, which may itself live below another path of its host. */
export function loginUrl(base: string, view: string): string {
  const url = new URL("login", base);
  url.searchParams.set("next", `/${view}`);
  return url.href;
}
