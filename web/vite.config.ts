/// <reference types="vitest/config" />
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** The chosen theme must be in place before the first paint, so the page waits for its (local, small) script. */
function renderBlocking(): Plugin {
  return {
    name: "render-blocking",
    transformIndexHtml: {
      order: "post",
      handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [svelte(), renderBlocking()],
  build: {
    outDir: "../storj_monitor/web_dist",
    emptyOutDir: true,
    target: "es2022",
    // A data: URL would need a wider content security policy than 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
