import { get } from "svelte/store";
import { expect, it, vi } from "vitest";

import { registrationUpdates } from "../../src/svelte.js";

it("gives the idle snapshot on a server, and connects nothing", async () => {
  const eventSource = vi.fn();
  const { isConnected, registration } = get(registrationUpdates({ registrationId: 42, eventSource }));
  expect({ isConnected, registration }).toEqual({ isConnected: false, registration: null });
  await Promise.resolve();
  expect(eventSource).not.toHaveBeenCalled();
});
