/**
 * From a PUBLISH in Redis to the page showing it, in Chromium: through our client and hook, and beside it, in the same page and of
 * the same messages, a bare EventSource that parses and writes the text itself. The ratio tells what the client costs.
 */
import { performance } from "node:perf_hooks";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";

const rounds = 500;
const warmUp = 50;

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** Runs in the page: tells, by the wall clock, when a text first appears in the timeline, and when the bare peer has it. */
function watch(): void {
  const seen = { page: new Map<string, number>(), peer: new Map<string, number>() };
  Object.assign(window, { seen });
  const now = (): number => performance.timeOrigin + performance.now();
  const peer = new EventSource("/api/registrations/updates/stream?registrationId=42");
  const output = document.createElement("output");
  document.body.append(output);
  peer.onmessage = (event: MessageEvent<string>) => {
    const message = JSON.parse(event.data) as { data?: { message?: string } };
    const text = message.data?.message;
    if (text === undefined) return;
    output.textContent = text;
    if (!seen.peer.has(text)) seen.peer.set(text, now());
  };
  const timeline = document.querySelector('[data-testid="timeline"]');
  if (timeline === null) throw new Error("the page has no timeline");
  new MutationObserver(() => {
    const text = /probe \d+ ends/.exec(timeline.textContent ?? "")?.[0];
    if (text !== undefined && !seen.page.has(text)) seen.page.set(text, now());
  }).observe(timeline, { subtree: true, childList: true, characterData: true });
}

const redis = await RedisServer.start();
const gateway = await Gateway.start({ redis: redis.address });
const browser = await launchBrowser();
const client = redis.connect();
try {
  const page = await browser.newPage();
  await page.goto(gateway.url("/mobile-banking/registration-requests/42"));
  await page.locator('[data-testid="live-badge"][data-live="true"]').waitFor();
  await page.evaluate(watch);

  const latencies = { page: [] as number[], peer: [] as number[] };
  for (let round = 0; round < rounds + warmUp; round += 1) {
    const text = `probe ${round} ends`;
    const update = {
      registrationId: 42,
      status: "PENDING",
      stage: "t24_lookup",
      stageStatus: "started",
      message: text,
      timestamp: Date.now(),
    };
    const sent = performance.timeOrigin + performance.now();
    await client.publish(channel, JSON.stringify(update));
    const at = await page.evaluate(
      (wanted) =>
        new Promise<{ page: number; peer: number }>((resolve) => {
          const { seen } = window as unknown as { seen: Record<"page" | "peer", Map<string, number>> };
          const look = (): void => {
            const [ours, theirs] = [seen.page.get(wanted), seen.peer.get(wanted)];
            if (ours !== undefined && theirs !== undefined) resolve({ page: ours, peer: theirs });
            else setTimeout(look, 1);
          };
          look();
        }),
      text,
    );
    if (round < warmUp) continue;
    latencies.page.push(at.page - sent);
    latencies.peer.push(at.peer - sent);
  }

  const row = (name: string, values: readonly number[]): string =>
    `${name.padEnd(36)} median ${quantile(values, 0.5).toFixed(2)} ms   p99 ${quantile(values, 0.99).toFixed(2)} ms`;
  console.log(`PUBLISH to the page's DOM, ${rounds} updates one at a time, Redis and gateway and Chromium on this machine`);
  console.log(row("the page (client, hook, React)", latencies.page));
  console.log(row("a bare EventSource and textContent", latencies.peer));
  console.log(`ratio of medians ${(quantile(latencies.page, 0.5) / quantile(latencies.peer, 0.5)).toFixed(2)}`);
} finally {
  await browser.close();
  client.disconnect();
  await gateway.stop("SIGKILL");
  await redis.stop();
  removeTemporaryFolders();
}
