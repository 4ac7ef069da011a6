/**
 * Starts the page in pieces, each a task of its own: the shell is painted, the link opens and asks, the app is built while the
 * answer is on its way. The theme is set already (boot.js).
 */
import "./app.css";
import { nextPiece } from "./pace";

await nextPiece();
const { page } = await import("./page.svelte");
await nextPiece();
page.start();
const { build } = await import("./build");
await nextPiece();
build();
