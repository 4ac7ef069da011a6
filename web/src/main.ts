/** Starts the page: the app in place of the first paint's shell, then the link. The theme is set already (boot.js). */
import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { page } from "./page.svelte";

const target = document.getElementById("app");
if (target !== null) {
  target.replaceChildren();
  mount(App, { target });
  page.start();
}
