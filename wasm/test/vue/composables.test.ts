// @vitest-environment jsdom
import type { App, Component } from "vue";
import { createApp, defineComponent, effectScope, nextTick, reactive, ref, shallowRef } from "vue";
import { afterEach, describe, expect, it } from "vitest";

import { RegistrationStream } from "../../src/index.js";
import { fakeRegistrationStream, fakeWorkflowStream } from "../../src/testing.js";
import {
  registrationStreams,
  useRegistration,
  useRegistrations,
  useRegistrationUpdates,
  useUpdates,
} from "../../src/vue.js";
import { csvImport } from "../workflow/csv_import.js";

const apps: App[] = [];

afterEach(async () => {
  apps.splice(0).forEach((app) => app.unmount());
  await nextTick();
});

async function mount(component: Component) {
  const fake = await fakeRegistrationStream();
  const app = createApp(component);
  const root = document.createElement("div");
  app.provide(registrationStreams, fake.options);
  app.mount(root);
  apps.push(app);
  return { fake, app, text: () => nextTick().then(() => root.textContent) };
}

describe("composables of Vue", () => {
  it("show a registration, and whether it is live", async () => {
    const heard: (string | undefined)[] = [];
    const { fake, text } = await mount(
      defineComponent(() => {
        const { registration, isConnected, error } = useRegistrationUpdates({
          registrationId: 42,
          onUpdate: ({ message }) => heard.push(message),
        });
        return () => [
          isConnected.value ? "Live " : "Offline ",
          registration.value?.message ?? "-",
          error.value?.message ?? "",
        ];
      }),
    );
    expect(await text()).toBe("Offline -");
    await fake.open();
    expect(await text()).toBe("Live -");
    fake.update({ registrationId: 42, message: "Looking for accounts" });
    expect(await text()).toBe("Live Looking for accounts");
    expect(heard).toEqual(["Looking for accounts"]);
    fake.lose();
    expect(await text()).toBe("Offline Looking for accounts");
  });

  it("render only for what a component reads", async () => {
    let renders = 0;
    const { fake, text } = await mount(
      defineComponent(() => {
        const { isConnected } = useRegistrationUpdates({ registrationId: 42 });
        return () => {
          renders += 1;
          return String(isConnected.value);
        };
      }),
    );
    await fake.open();
    expect(await text()).toBe("true");
    const before = renders;
    fake.update({ registrationId: 42, message: "one" });
    await text();
    expect(renders).toBe(before);
  });

  it("follow another registration when the id changes, and none while it is undefined", async () => {
    const id = ref<number | null>(null);
    const { fake, text } = await mount(
      defineComponent(() => {
        const registration = useRegistration(id);
        return () => registration.value?.message ?? "-";
      }),
    );
    expect(await text()).toBe("-");
    expect(fake.requests).toEqual([]);
    id.value = 41;
    await nextTick();
    await fake.open();
    fake.update({ registrationId: 41, message: "forty-one" });
    expect(await text()).toBe("forty-one");
    id.value = 42;
    expect(await text()).toBe("-");
    fake.clock.advance(100);
    await fake.open();
    fake.update({ registrationId: 42, message: "forty-two" });
    expect(await text()).toBe("forty-two");
    expect(fake.requests.at(-1)).toMatch(/registrationId=42/);
  });

  it("share one stream, whatever ids they follow, and release it with the last of them", async () => {
    const ids = shallowRef([41, 42]);
    const { fake, app, text } = await mount(
      defineComponent(() => {
        const { registrations } = useRegistrations(ids);
        const registration = useRegistration(() => 43);
        return () => [...registrations.value.values(), registration.value].map((view) => view?.message ?? "-").join();
      }),
    );
    await nextTick();
    fake.clock.advance(100);
    await fake.open();
    for (const registrationId of [41, 42, 43]) {
      fake.update({ registrationId, message: `m${registrationId}` });
    }
    expect(await text()).toBe("m41,m42,m43");
    expect(fake.requests.at(-1)).toMatch(/registrationId=41&registrationId=42&registrationId=43/);
    apps.splice(0);
    app.unmount();
    await nextTick();
    expect(fake.isOpen).toBe(false);
  });

  it("work in an effect scope without a component, with a switch", async () => {
    const fake = await fakeWorkflowStream(csvImport);
    const scope = effectScope();
    const updates = scope.run(() =>
      useUpdates(csvImport, () => ({ id: "a.csv", autoConnect: false, ...fake.options })),
    );
    expect(updates?.connection.value).toBe("idle");
    updates?.connect();
    await fake.open();
    fake.update({ file: "a.csv", message: "Reading" });
    expect(updates?.view.value?.message).toBe("Reading");
    updates?.disconnect();
    expect(updates?.connection.value).toBe("closed");
    expect(fake.isOpen).toBe(false);
    updates?.connect();
    await fake.open();
    scope.stop();
    await nextTick();
    expect(fake.isOpen).toBe(false);
  });

  it("connect when autoConnect becomes true", async () => {
    const autoConnect = ref(false);
    const fake = await fakeRegistrationStream();
    const scope = effectScope();
    scope.run(() => useUpdates(csvImport, () => ({ id: "a.csv", autoConnect: autoConnect.value, ...fake.options })));
    await nextTick();
    expect(fake.requests).toEqual([]);
    autoConnect.value = true;
    await nextTick();
    await fake.open();
    expect(fake.isOpen).toBe(true);
    scope.stop();
  });
});

describe("a stream in Vue's reactive state", () => {
  it("works through the proxy", async () => {
    const fake = await fakeRegistrationStream();
    const state = reactive({ stream: new RegistrationStream({ registrationId: 42, ...fake.options }) });
    state.stream.connect();
    await fake.open();
    fake.update({ registrationId: 42, message: "Hello" });
    expect(state.stream.getSnapshot().registration?.message).toBe("Hello");
    state.stream.close();
    expect(fake.isOpen).toBe(false);
  });
});
