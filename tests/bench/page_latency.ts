/**
 * From a PUBLISH in Redis to the page showing it, in Chromium: through our client and hook, and as its peer an empty
 * page with an EventSource that parses each message and writes its text. The ratio shows what client, hook and React
 * cost.
 */
import type { Page } from "playwright-core";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";
import { quantile } from "./quantile.ts";
import { type Bar, record } from "./figures.ts";

const rounds = 500;
const warmUp = 50;

/** Runs in the page: records, by the wall clock, when each text first appears in the timeline. */
function watchTimeline(): void {
  const seen = new Map<string, number>();
  Object.assign(window, { seen });
  const root = document.querySelector("#root");
  if (root === null) throw new Error("the page has no root");
  new MutationObserver(() => {
    // Looked up each time: the first update of a validation replaces the timeline.
    const timeline = root.querySelector('[data-testid="timeline"]');
    const text = /probe \d+ ends/.exec(timeline?.textContent ?? "")?.[0];
    if (text !== undefined && !seen.has(text)) seen.set(text, performance.timeOrigin + performance.now());
  }).observe(root, { subtree: true, childList: true, characterData: true });
}

/** Runs in an empty page: the peer. */
function watchBareEventSource(): Promise<void> {
  const seen = new Map<string, number>();
  Object.assign(window, { seen });
  const output = document.createElement("output");
  document.body.append(output);
  const source = new EventSource("/api/registrations/updates/stream?registrationId=42");
  source.onmessage = (event: MessageEvent<string>) => {
    const message = JSON.parse(event.data) as { data?: { message?: string } };
    const text = message.data?.message;
    if (text === undefined) return;
    output.textContent = text;
    if (!seen.has(text)) seen.set(text, performance.timeOrigin + performance.now());
  };
  return new Promise((resolve) => {
    source.onopen = () => resolve();
  });
}

/** Runs in the page: resolves with the time once it has recorded `wanted`. */
function timeOf(wanted: string): Promise<number> {
  return new Promise((resolve) => {
    const { seen } = window as unknown as { seen: Map<string, number> };
    const look = (): void => {
      const at = seen.get(wanted);
      if (at !== undefined) resolve(at);
      else setTimeout(look, 1);
    };
    look();
  });
}

const redis = await RedisServer.start();
const gateway = await Gateway.start({ redis: redis.address });
const browser = await launchBrowser();
const client = redis.connect();

/** Milliseconds from before each PUBLISH until the page has shown it, one update at a time. */
async function measure(page: Page): Promise<number[]> {
  const latencies: number[] = [];
  for (let round = 0; round < rounds + warmUp; round += 1) {
    const text = `probe ${round} ends`;
    const update = {
      registrationId: 42,
      status: "PENDING",
      stage: "t24_lookup",
      stageStatus: "started",
      message: text,
    };
    const sent = performance.timeOrigin + performance.now();
    await client.publish(channel, JSON.stringify({ ...update, timestamp: Date.now() }));
    const shown = await page.evaluate(timeOf, text);
    if (round >= warmUp) latencies.push(shown - sent);
  }
  return latencies;
}

try {
  const page = await browser.newPage();
  await page.goto(gateway.url("/mobile-banking/registration-requests/42"));
  await page.locator('[data-testid="live-badge"][data-live="true"]').waitFor();
  await page.evaluate(watchTimeline);
  const ours = await measure(page);
  await page.close();

  const empty = await browser.newPage();
  await empty.goto(gateway.url("/api/health"));
  await empty.evaluate(watchBareEventSource);
  const peers = await measure(empty);

  const row = (name: string, values: readonly number[]): string =>
    `${name.padEnd(36)} median ${quantile(values, 0.5).toFixed(2)} ms   p99 ${quantile(values, 0.99).toFixed(2)} ms`;
  console.log(
    `PUBLISH to the page's DOM, ${rounds} updates one at a time, Redis and gateway and Chromium on this machine`,
  );
  console.log(row("the page (client, hook, React)", ours));
  console.log(row("a bare EventSource and textContent", peers));
  for (const [what, share] of [
    ["from PUBLISH to the page's DOM: median", 0.5],
    ["from PUBLISH to the page's DOM: p99", 0.99],
  ] as const) {
    const bar = (name: string, values: readonly number[]): Bar => {
      const value = quantile(values, share);
      return { name, value, text: `${value.toFixed(2)} ms` };
    };
    const bars = [bar("client, hook and React", ours), bar("a bare EventSource and textContent", peers)];
    record({ group: `${rounds} updates, one at a time`, what, better: "less", bars });
  }
  console.log(`ratio of medians ${(quantile(ours, 0.5) / quantile(peers, 0.5)).toFixed(2)}`);
} finally {
  await browser.close();
  client.disconnect();
  await gateway.stop("SIGKILL");
  await redis.stop();
  removeTemporaryFolders();
}
