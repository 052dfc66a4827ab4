import { defineConfig } from "vite";

const gateway = "http://127.0.0.1:8080";

export default defineConfig({
  base: "/",
  build: {
    outDir: "../build/web-demo",
    emptyOutDir: true,
    // The gateway's content security policy forbids data: URLs, so nothing is inlined.
    assetsInlineLimit: 0,
    target: "es2022",
  },
  esbuild: { jsx: "automatic" },
  // The npm package is linked from ../wasm: one React for it and for the page.
  resolve: { dedupe: ["react", "react-dom"] },
  // Left as it is, so that the package finds its .wasm file beside its module.
  optimizeDeps: { exclude: ["regstream"], include: ["react", "react-dom/client"] },
  server: { proxy: { "/api": gateway } },
});
