import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    setupFiles: ["./vitest.setup.ts"],
    // Bounds a hang, not a speed: a loaded machine of two cores has to pass as well.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Every file starts processes of its own; one file at a time leaves them the two cores.
    fileParallelism: false,
  },
});
