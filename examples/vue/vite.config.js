import vue from "@vitejs/plugin-vue";

export default {
  plugins: [vue()],
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
  optimizeDeps: { exclude: ["regstream"] },
};
