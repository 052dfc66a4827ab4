import { defineConfig } from "vite";

declare const process: { readonly env: Readonly<Record<string, string | undefined>> };

export default defineConfig({
  build: {
    outDir: "../../build/csv-import",
    emptyOutDir: true,
    target: "es2022",
  },
  // Not optimised, so that the package finds its .wasm file beside its module.
  optimizeDeps: { exclude: ["regstream"] },
  // The same for `vite preview`.
  server: { proxy: { "/api": process.env["GATEWAY"] ?? "http://127.0.0.1:8080" } },
});
