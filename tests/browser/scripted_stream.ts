import type { BrowserContext, Page } from "playwright-core";

interface ScriptedSource {
  readonly url: string;
  readyState: number;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
}

declare global {
  interface Window {
    scriptedSources: ScriptedSource[];
  }
}

/** Replaces EventSource in every page of `context` by one whose server is the test. */
export async function scriptStreams(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    window.scriptedSources = [];
    class ScriptedEventSource implements ScriptedSource {
      readyState = 0;
      onopen: ScriptedSource["onopen"] = null;
      onmessage: ScriptedSource["onmessage"] = null;
      onerror: ((event: Event) => void) | null = null;

      constructor(readonly url: string) {
        window.scriptedSources.push(this);
      }

      close(): void {
        this.readyState = 2;
      }
    }
    Object.defineProperty(window, "EventSource", { value: ScriptedEventSource });
  });
}

/** Accepts the page's one pending stream. */
export async function acceptStream(page: Page): Promise<void> {
  await page.waitForFunction(() => window.scriptedSources.some(({ readyState }) => readyState === 0));
  await page.evaluate(() => {
    const source = window.scriptedSources.find(({ readyState }) => readyState === 0);
    if (source === undefined) throw new Error("The page asks for no stream");
    source.readyState = 1;
    source.onopen?.(new Event("open"));
  });
}

/** Sends `messages` on the page's open stream, one event each, in one task. */
export async function sendOnStream(page: Page, ...messages: readonly object[]): Promise<void> {
  await page.evaluate(
    (texts) => {
      const source = window.scriptedSources.find(({ readyState }) => readyState === 1);
      if (source === undefined) throw new Error("The page has no open stream");
      for (const data of texts) source.onmessage?.(new MessageEvent("message", { data }));
    },
    messages.map((message) => JSON.stringify(message)),
  );
}
