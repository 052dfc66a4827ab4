import { createSSRApp, defineComponent } from "vue";
import { renderToString } from "vue/server-renderer";
import { expect, it, vi } from "vitest";

import { useRegistrationUpdates } from "../../src/vue.js";

it("renders the idle snapshot on a server, and connects nothing", async () => {
  const opened = vi.fn();
  vi.stubGlobal("EventSource", opened);
  vi.stubGlobal("fetch", opened);
  const app = createSSRApp(
    defineComponent(() => {
      const { registration, isConnected } = useRegistrationUpdates({ registrationId: 42 });
      return () => `${isConnected.value} ${registration.value}`;
    }),
  );
  expect(await renderToString(app)).toBe("false null");
  await Promise.resolve();
  expect(opened).not.toHaveBeenCalled();
  vi.unstubAllGlobals();
});
