export default {
  esbuild: { jsx: "automatic" },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
  optimizeDeps: { exclude: ["regstream"] },
};
