// @vitest-environment jsdom
import { derived, get } from "svelte/store";
import { afterEach, describe, expect, it } from "vitest";

import { registration, registrations, registrationUpdates, updates } from "../../src/svelte.js";
import { fakeRegistrationStream, fakeWorkflowStream } from "../../src/testing.js";
import { csvImport } from "../workflow/csv_import.js";
import { settle } from "../fakes.js";

const stops: (() => void)[] = [];

afterEach(async () => {
  stops.splice(0).forEach((stop) => stop());
  await settle();
});

describe("stores of Svelte", () => {
  it("call a subscriber at once, and after each change", async () => {
    const fake = await fakeRegistrationStream();
    const heard: (string | undefined)[] = [];
    const live = registrationUpdates({
      registrationId: 42,
      onUpdate: ({ message }) => heard.push(message),
      ...fake.options,
    });
    const values: string[] = [];
    stops.push(live.subscribe((value) => values.push(`${value.isConnected} ${value.registration?.message ?? "-"}`)));
    expect(values).toEqual(["false -"]);
    await fake.open();
    fake.update({ registrationId: 42, message: "Hello" });
    expect(values.at(-1)).toBe("true Hello");
    expect(heard).toEqual(["Hello"]);
    fake.lose();
    expect(values.at(-1)).toBe("false Hello");
  });

  it("close the stream with the last subscriber, and open it for the next", async () => {
    const fake = await fakeRegistrationStream();
    const heard: (string | undefined)[] = [];
    const view = registration(42, { onUpdate: ({ message }) => heard.push(message), ...fake.options });
    const first = view.subscribe(() => {});
    const second = view.subscribe(() => {});
    await fake.open();
    fake.update({ registrationId: 42, message: "one" });
    first();
    await settle();
    expect(fake.isOpen).toBe(true);
    second();
    await settle();
    expect(fake.isOpen).toBe(false);
    stops.push(view.subscribe(() => {}));
    await fake.open();
    fake.update({ registrationId: 42, message: "two" });
    expect(heard).toEqual(["one", "two"]);
  });

  it("announce only changes of their own view", async () => {
    const fake = await fakeRegistrationStream();
    const values: unknown[] = [];
    stops.push(registration(42, fake.options).subscribe((view) => values.push(view?.message)));
    await fake.open();
    fake.update({ registrationId: 42, message: "one" });
    fake.lose();
    expect(values).toEqual([undefined, "one"]);
  });

  it("work with Svelte's own functions", async () => {
    const fake = await fakeRegistrationStream();
    const live = registrations([41, 42], fake.options);
    const known = derived(live, ({ registrations: views }) => [...views.keys()].join());
    stops.push(known.subscribe(() => {}));
    await fake.open();
    fake.update({ registrationId: 42, message: "two" });
    fake.update({ registrationId: 41, message: "one" });
    expect(get(known)).toBe("41,42");
    expect(get(live).isConnected).toBe(true);
  });

  it("connect and disconnect by hand, for any workflow", async () => {
    const fake = await fakeWorkflowStream(csvImport);
    const store = updates(csvImport, { id: "a.csv", autoConnect: false, ...fake.options });
    stops.push(store.subscribe(() => {}));
    await settle();
    expect(fake.requests).toEqual([]);
    store.connect();
    await fake.open();
    fake.update({ file: "a.csv", message: "Reading" });
    expect(get(store).view?.message).toBe("Reading");
    store.disconnect();
    expect(get(store).connection).toBe("closed");
    expect(fake.isOpen).toBe(false);
  });
});
