/** Starts the page: theme first (before anything is painted), then the app, then the link. */
import "uplot/dist/uPlot.min.css";
import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { page } from "./page.svelte";
import { showTheme, storedTheme } from "./theme";

showTheme(storedTheme());
const target = document.getElementById("app");
if (target !== null) {
  mount(App, { target });
  page.start();
}
