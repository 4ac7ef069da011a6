/// <reference types="vitest/config" />
import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/**
 * The chosen theme must be in place before the first paint: a small file of its own, which the paint waits for.
 * Every other script is fetched and compiled at once, beside the paint, though main.ts runs them one after the other.
 */
function scripts(): Plugin {
  return {
    name: "scripts",
    apply: "build",
    buildStart() {
      this.emitFile({ type: "asset", name: "boot.js", source: readFileSync(new URL("src/boot.js", import.meta.url), "utf8") });
    },
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const boot = Object.values(bundle ?? {}).find((file) => file.type === "asset" && file.names.includes("boot.js"));
        if (boot === undefined) throw new Error("boot.js is not in the bundle");
        const later = Object.values(bundle ?? {}).filter((file) => file.type === "chunk" && !file.isEntry);
        const preloads = later.map((file) => `\n    <link rel="modulepreload" href="./${file.fileName}" fetchpriority="low" crossorigin />`);
        return html.replace("</title>", `</title>\n    <script src="./${boot.fileName}"></script>`).replace("\n  </head>", `${preloads.join("")}\n  </head>`);
      },
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [svelte(), scripts()],
  build: {
    outDir: "../storj_monitor/web_dist",
    emptyOutDir: true,
    target: "es2022",
    // A data: URL would need a wider content security policy than 'self'.
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: true,
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
