import { afterAll } from "vitest";

import { Child } from "./processes/child.ts";
import { removeTemporaryFolders } from "./processes/temporary_folder.ts";

// Registered first, so it runs last: after the file's own teardown, whether that succeeded or not.
afterAll(async () => {
  await Child.stopAll();
  removeTemporaryFolders();
});
