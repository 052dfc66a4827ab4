import type { Browser, Page } from "playwright-core";

import { launchBrowser } from "../processes/browser.ts";
import type { Client } from "./client_judge.ts";
import type { PageClient } from "./stream_page.ts";

/** A few pages in Chromium with several streams each, served by their own address. */
export class ChromiumClients {
  private constructor(
    private readonly browser: Browser,
    private readonly pages: readonly Page[],
    readonly clients: readonly Client[],
  ) {}

  /**
   * Opens a page for each address. Each has as many streams as HTTP/1.1 allows connections, less one for the page
   * itself.
   */
  static async start(
    addresses: readonly string[],
    registrationOf: (index: number) => number | null,
  ): Promise<ChromiumClients> {
    const browser = await launchBrowser();
    const pages: Page[] = [];
    const clients: Client[] = [];
    for (const address of addresses) {
      const page = await browser.newPage();
      const failed = new Promise<never>((_, reject) => page.once("pageerror", reject));
      await page.goto(`http://${address}/?script=${encodeURIComponent("/tests/faults/stream_page.ts")}`);
      await Promise.race([failed, page.waitForFunction(() => window.followStream !== undefined)]);
      failed.catch(() => undefined);
      for (const transport of ["eventsource", "fetch", "eventsource", "fetch"] as const) {
        const name = `page-${pages.length}-${clients.length}-${transport}`;
        const registrationId = registrationOf(clients.length);
        clients.push({ name, registrationId, isPage: true });
        await page.evaluate((client: PageClient) => window.followStream?.(client), { name, registrationId, transport });
      }
      pages.push(page);
    }
    return new ChromiumClients(browser, pages, clients);
  }

  /** Returns what was observed since the last call. */
  async drainLines(): Promise<string[]> {
    const taken = await Promise.all(this.pages.map((page) => page.evaluate(() => window.drainObservations?.() ?? [])));
    return taken.flat();
  }

  async reportViews(): Promise<void> {
    for (const page of this.pages) await page.evaluate(() => window.reportViews?.());
  }

  async stop(): Promise<void> {
    await this.browser.close();
  }
}
