import { createReadStream } from "node:fs";
import { appendFile } from "node:fs/promises";

import type { Client } from "./client_judge.ts";
import { compare, type EventId } from "./event_id.ts";
import { type Observation, parseObservation } from "./observations.ts";

/** Clients that write to no file. */
interface Pages {
  drainLines(): Promise<string[]>;
  /** The file for their lines, for people who study a run. */
  readonly path: string;
}

/** Follows what the clients see while the run goes on, and keeps it for the oracle. */
export class Watch {
  readonly observations: Observation[] = [];
  private readonly stateOf = new Map<string, string>();
  private readonly lastOf = new Map<string, EventId>();
  private offset = 0;

  constructor(
    /** The file that the native clients write. */
    private readonly nativePath: string,
    private readonly clients: readonly Client[],
    private readonly pages: Pages | null,
  ) {}

  async look(): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of createReadStream(this.nativePath, { start: this.offset })) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    // Only whole lines, so that no character is cut.
    const end = bytes.lastIndexOf("\n") + 1;
    this.offset += end;
    const pageLines = (await this.pages?.drainLines()) ?? [];
    if (this.pages !== null) await appendFile(this.pages.path, pageLines.map((line) => `${line}\n`).join(""));
    for (const line of [...bytes.subarray(0, end).toString("utf8").split("\n"), ...pageLines]) {
      if (line !== "") this.record(parseObservation(line));
    }
  }

  hasCome({ name }: Client): boolean {
    return this.stateOf.has(name);
  }

  /** The clients that have come, but have no stream or no position yet. */
  get withoutPosition(): string[] {
    return [...this.stateOf].filter(([, state]) => state !== "positioned").map(([name]) => name);
  }

  /** The clients that have not received everything up to their last update. */
  missing(lastFor: (client: Client) => EventId, isAsked: (client: Client) => boolean = () => true): Client[] {
    return this.clients.filter((client) => {
      const last = this.lastOf.get(client.name);
      return isAsked(client) && (last === undefined || compare(last, lastFor(client)) < 0);
    });
  }

  private record(observation: Observation): void {
    this.observations.push(observation);
    const { client, kind } = observation;
    if (kind === "connected" || kind === "reset" || kind === "snapshot" || kind === "update") {
      this.stateOf.set(client, "positioned");
      this.lastOf.set(client, observation.id);
    } else if (kind === "connecting" || kind === "asks" || kind === "waiting" || kind === "closed") {
      this.stateOf.set(client, kind);
    }
  }
}

/** Polls until `isSo` is true; false after `msMax`. */
export async function until(isSo: () => Promise<boolean>, msMax: number): Promise<boolean> {
  const giveUpMs = Date.now() + msMax;
  while (!(await isSo())) {
    if (Date.now() > giveUpMs) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return true;
}
