/** Dark or light: the system's choice unless the user made one, which is kept in this browser. */

export type Theme = "light" | "dark";
const KEY = "storj-monitor-theme";

export function systemTheme(): Theme {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function storedTheme(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "dark" || value === "light" ? value : null;
  } catch {
    return null; // storage may be forbidden
  }
}

export function showTheme(theme: Theme | null): void {
  if (theme === null) document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", theme);
}

/** Keeps the choice; a choice that equals the system's is forgotten, so that the page follows the system again. */
export function chooseTheme(theme: Theme): void {
  const kept = theme === systemTheme() ? null : theme;
  showTheme(kept);
  try {
    if (kept === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, kept);
  } catch {
    // The choice lasts as long as the page does.
  }
}
