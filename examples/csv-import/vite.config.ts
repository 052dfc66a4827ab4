import { defineConfig } from "vite";

declare const process: { readonly env: Readonly<Record<string, string | undefined>> };

export default defineConfig({
  build: {
    outDir: "../../build/csv-import",
    emptyOutDir: true,
    target: "es2022",
  },
  // Left as it is, so that the package finds its .wasm file beside its module.
  optimizeDeps: { exclude: ["regstream"] },
  // `vite preview` has the same.
  server: { proxy: { "/api": process.env["GATEWAY"] ?? "http://127.0.0.1:8080" } },
});
