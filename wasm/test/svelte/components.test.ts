// @vitest-environment jsdom
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";

import { compile } from "svelte/compiler";
import { expect, it } from "vitest";

import { registration, registrationUpdates } from "../../src/svelte.js";
import { fakeRegistrationStream } from "../../src/testing.js";
import { settle } from "../fakes.js";

interface Compiled {
  readonly default: unknown;
  mount(component: unknown, options: { target: Element; props: object }): object;
  unmount(component: object): Promise<void>;
  flushSync(): void;
}

/** A component and Svelte's runtime for a page, in one module: Node alone would load Svelte's runtime for a server. */
async function compileComponent(source: string): Promise<Compiled> {
  const { code } = compile(source, { generate: "client", filename: "Page.svelte" }).js;
  const input = `${code}\nexport { flushSync, mount, unmount } from "svelte";`;
  // As a separate process: esbuild refuses to run within jsdom.
  const bundler = createRequire(import.meta.url).resolve("esbuild/bin/esbuild");
  const bundle = execFileSync(bundler, ["--bundle", "--format=esm", "--conditions=browser"], { input });
  return (await import(/* @vite-ignore */ `data:text/javascript;base64,${bundle.toString("base64")}`)) as Compiled;
}

const markup = '<p>{$live.isConnected ? "Live" : "Offline"} {$live.registration?.message ?? "-"}</p>';

it.each([
  ["runes", "let { live } = $props();"],
  ["Svelte 4's syntax", "export let live;"],
])("$store of a component with %s shows updates, and releases the stream with it", async (_name, script) => {
  const { default: Page, mount, unmount, flushSync } = await compileComponent(`<script>${script}</script>${markup}`);
  const fake = await fakeRegistrationStream();
  const target = document.createElement("div");
  const live = registrationUpdates({ registrationId: 42, ...fake.options });
  const page = mount(Page, { target, props: { live } });
  const text = () => {
    flushSync();
    return target.textContent;
  };
  expect(text()).toBe("Offline -");
  await fake.open();
  fake.update({ registrationId: 42, message: "Hello" });
  expect(text()).toBe("Live Hello");
  await unmount(page);
  await Promise.resolve();
  expect(fake.isOpen).toBe(false);
});

it("$store of a derived store follows another registration when the id changes", async () => {
  const {
    default: Page,
    mount,
    unmount,
    flushSync,
  } = await compileComponent(`
    <script>
      let { storeOf } = $props();
      let id = $state(41);
      const view = $derived(storeOf(id));
    </script>
    <button onclick={() => (id = 42)}>next</button><p>{$view?.message ?? "-"}</p>`);
  const fake = await fakeRegistrationStream();
  const target = document.createElement("div");
  const page = mount(Page, { target, props: { storeOf: (id: number) => registration(id, fake.options) } });
  const text = () => {
    flushSync();
    return target.querySelector("p")?.textContent;
  };
  await fake.open();
  fake.update({ registrationId: 41, message: "forty-one" });
  expect(text()).toBe("forty-one");
  // Svelte listens to clicks at the document.
  document.body.append(target);
  target.querySelector("button")?.click();
  expect(text()).toBe("-");
  await settle();
  fake.clock.advance(100);
  await fake.open();
  fake.update({ registrationId: 42, message: "forty-two" });
  expect(text()).toBe("forty-two");
  await unmount(page);
});
