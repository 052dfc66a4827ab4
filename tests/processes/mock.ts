import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Child } from "./child.ts";
import { regstream } from "./gateway.ts";

/** A scenario that is shipped. */
export function shipped(name: string): string {
  return join(fileURLToPath(new URL("../../native/harness/scenarios", import.meta.url)), `${name}.json`);
}

/** What GET /mock/requests says of a request. */
export interface RecordedRequest {
  connection: number;
  at: number;
  method: string;
  target: string;
  headers: [string, string][];
  lastEventId: string | null;
  answeredBy: string;
  status: number | null;
  bodyBytes: number;
  ending: string;
  endedAt: number | null;
}

/** `regstream mock`, ready to be asked. */
export class Mock {
  private constructor(
    private readonly child: Child,
    readonly base: string,
  ) {}

  static async start(scenario: string, ...options: string[]): Promise<Mock> {
    const child = regstream(["mock", "--scenario", scenario, "--port", "0", ...options]);
    const ready = await child.untilOutput(/mock on (http:\/\/127\.0\.0\.1:\d+)/);
    return new Mock(child, ready[1] ?? "");
  }

  url(path = "/"): string {
    return this.base + path;
  }

  stop(): Promise<number | null> {
    return this.child.stop();
  }

  /** What was asked, as soon as there are so many requests. */
  async requests(atLeast = 0): Promise<RecordedRequest[]> {
    const response = await fetch(this.url(`/mock/requests?atLeast=${atLeast}`));
    return ((await response.json()) as { requests: RecordedRequest[] }).requests;
  }

  post(command: string, body?: unknown): Promise<Response> {
    return fetch(this.url(`/mock/${command}`), {
      method: "POST",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
