/** Puts the app in place of the shell. */
import { mount } from "svelte";
import App from "./App.svelte";

export function build(): void {
  const target = document.getElementById("app");
  if (target === null) return;
  target.replaceChildren();
  mount(App, { target });
}
