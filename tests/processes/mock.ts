import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Child } from "./child.ts";
import { regstream } from "./gateway.ts";

/** The file of a shipped scenario. */
export function shipped(name: string): string {
  return join(fileURLToPath(new URL("../../native/harness/scenarios", import.meta.url)), `${name}.json`);
}

/** A request as GET /mock/requests reports it. */
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

/** A running `regstream mock`. */
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

  /** Returns the recorded requests as soon as there are this many. */
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
