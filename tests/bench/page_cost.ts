/**
 * What the package costs a page beside hand-written code: an EventSource, JSON.parse, the same fold and the same React
 * component, in turn in one Chromium. Measures main-thread time for each update and renders in a flood, the heap over
 * many updates, and when the first update is shown after a navigation. `page_cost.ts [FLOOD] [HEAP]`: the number of
 * updates in each flood, and on the heap's page.
 */
import type { Browser, CDPSession, Page } from "playwright-core";

import { launchBrowser } from "../processes/browser.ts";
import { type PageName, PageServer } from "./page_server.ts";
import { quantile } from "./quantile.ts";
import { type Bar, record } from "./figures.ts";

const [flood = 100_000, heapUpdates = 1_000_000] = process.argv.slice(2).map(Number);
const rounds = 3;
const navigations = 15;
const pages = ["bare_page", "package_page"] as const;

const server = await PageServer.start();
const browser = await launchBrowser(["--enable-precise-memory-info"]);

interface Opened {
  readonly page: Page;
  readonly session: CDPSession;
  close(): Promise<void>;
}

/** Opens a page in a new browser context, with nothing cached, that shows its first update. */
async function open(of: Browser, name: PageName, latencyMs = 0): Promise<Opened> {
  const context = await of.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  // The thread's processor time: on a busy machine tasks last longer but cost the same.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  if (latencyMs > 0) {
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: latencyMs,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  }
  await page.goto(server.url(name));
  await page.waitForFunction(() => window.measured.firstShownAt > 0);
  return { page, session, close: () => context.close() };
}

async function metric(session: CDPSession, wanted: string): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === wanted)?.value ?? NaN;
}

async function sendFlood({ page }: Opened, count: number): Promise<void> {
  const last = await server.flood(count);
  await page.evaluate((message) => window.measured.whenSeen(message), last);
}

interface Cost {
  readonly taskUs: number;
  readonly scriptUs: number;
  readonly renders: number;
}

async function measureCost(name: PageName): Promise<Cost> {
  const opened = await open(browser, name);
  const { page, session } = opened;
  await sendFlood(opened, 2_000);
  const look = async () => ({
    task: await metric(session, "TaskDuration"),
    script: await metric(session, "ScriptDuration"),
    ...(await page.evaluate(() => ({ updates: window.measured.updates, renders: window.measured.renders }))),
  });
  const before = await look();
  await sendFlood(opened, flood);
  const after = await look();
  await opened.close();
  const updates = after.updates - before.updates;
  if (updates !== flood) throw new Error(`${name} saw ${updates} of ${flood} updates`);
  return {
    taskUs: ((after.task - before.task) / flood) * 1e6,
    scriptUs: ((after.script - before.script) / flood) * 1e6,
    renders: after.renders - before.renders,
  };
}

async function measureHeap(name: PageName): Promise<readonly number[]> {
  const opened = await open(browser, name);
  const megabytes: number[] = [];
  const look = async () => {
    await opened.session.send("HeapProfiler.collectGarbage");
    megabytes.push((await metric(opened.session, "JSHeapUsedSize")) / 2 ** 20);
  };
  await sendFlood(opened, heapUpdates / 10);
  await look();
  for (let part = 1; part < 10; part += 1) {
    await sendFlood(opened, heapUpdates / 10);
    await look();
  }
  await opened.close();
  return megabytes;
}

/** Milliseconds from the navigation to the rendering of the first update. */
async function measureFirst(name: PageName, latencyMs: number): Promise<number> {
  const opened = await open(browser, name, latencyMs);
  const at = await opened.page.evaluate(() => window.measured.firstShownAt);
  await opened.close();
  return at;
}

const median = (values: readonly number[]): number => quantile(values, 0.5);
const perPage = <T>(measure: (name: PageName) => T): Record<PageName, T> => ({
  bare_page: measure("bare_page"),
  package_page: measure("package_page"),
});

try {
  const costs = perPage((): Cost[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of pages) costs[name].push(await measureCost(name));
  }
  console.log(`a flood of ${flood} updates, median of ${rounds}`);
  const cost = perPage((name) => ({
    task: median(costs[name].map(({ taskUs }) => taskUs)),
    script: median(costs[name].map(({ scriptUs }) => scriptUs)),
    renders: median(costs[name].map(({ renders }) => renders)),
  }));
  for (const name of pages) {
    const { task, script, renders } = cost[name];
    console.log(
      `  ${name.padEnd(14)} main thread ${task.toFixed(1)} µs an update, ` +
        `of it script ${script.toFixed(1)} µs; ${renders} renders`,
    );
  }
  const bars = (unit: string, of: (name: PageName) => number): Bar[] =>
    [["with the package", "package_page"] as const, ["a bare EventSource", "bare_page"] as const].map(
      ([name, page]) => ({ name, value: of(page), text: `${of(page).toFixed(1)} ${unit}` }),
    );
  record({
    group: `a flood of ${flood} updates`,
    what: "main thread, an update",
    better: "less",
    bars: bars("µs", (name) => cost[name].task),
  });
  console.log(
    `  ratio of main-thread time ${(cost.package_page.task / cost.bare_page.task).toFixed(2)}, ` +
      `of renders ${(cost.package_page.renders / cost.bare_page.renders).toFixed(2)}`,
  );

  for (const latencyMs of [0, 100]) {
    const times = perPage((): number[] => []);
    for (let round = 0; round < (latencyMs === 0 ? navigations : navigations / 3); round += 1) {
      for (const name of pages) times[name].push(await measureFirst(name, latencyMs));
    }
    const { bare_page: bare, package_page: ours } = perPage((name) => median(times[name]));
    record({
      group: `a page is opened, ${latencyMs} ms of latency`,
      what: "the first update is shown after",
      better: "less",
      bars: bars("ms", (name) => median(times[name])),
    });
    console.log(
      `first update shown, ${latencyMs} ms of latency: bare ${bare.toFixed(1)} ms, ` +
        `the package ${ours.toFixed(1)} ms, ${(ours - bare).toFixed(1)} ms later`,
    );
  }

  for (const name of pages) {
    const megabytes = await measureHeap(name);
    console.log(
      `heap of ${name} after each tenth of ${heapUpdates} updates: ` +
        `${megabytes.map((size) => size.toFixed(1)).join(" ")} MB`,
    );
  }
} finally {
  await browser.close();
  await server.stop();
}
