/**
 * Starts the page in pieces, each a task of its own: the shell is painted, the link opens and asks, the app is built while the
 * answer is on its way. The theme is set already (boot.js).
 */
import "./app.css";
import { nextPiece } from "./pace";

async function start(): Promise<void> {
  await nextPiece();
  const { page } = await import("./page.svelte");
  await nextPiece();
  page.start();
  const { build } = await import("./build");
  await nextPiece();
  build();
}

start().catch((error: unknown) => {
  // A script that is not there any more: the monitor was updated between the page and its scripts.
  const shell = document.querySelector(".shell");
  if (shell !== null) shell.textContent = "Storj Monitor could not load this page. Reload it.";
  throw error;
});
