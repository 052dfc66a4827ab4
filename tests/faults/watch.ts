import { createReadStream } from "node:fs";
import { appendFile } from "node:fs/promises";

import type { Client } from "./client_judge.ts";
import { compare, type EventId } from "./event_id.ts";
import { type Observation, parseObservation } from "./observations.ts";

/** Clients that write to no file. */
interface Pages {
  drainLines(): Promise<string[]>;
  /** Where their lines are put, for who looks into a run. */
  readonly path: string;
}

/** Follows what the clients see while it happens, and keeps all of it for the oracle. */
export class Watch {
  readonly observations: Observation[] = [];
  private readonly stateOf = new Map<string, string>();
  private readonly lastOf = new Map<string, EventId>();
  private offset = 0;

  constructor(
    /** Where the native clients write. */
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

  /** Of those that have come: who has no stream, or has not been told where it begins. */
  get withoutPosition(): string[] {
    return [...this.stateOf].filter(([, state]) => state !== "positioned").map(([name]) => name);
  }

  /** Who has not had everything up to the update that is its last one. */
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

/** Asks again, a moment apart, until it is so; false after `msMax`. */
export async function until(isSo: () => Promise<boolean>, msMax: number): Promise<boolean> {
  const giveUpMs = Date.now() + msMax;
  while (!(await isSo())) {
    if (Date.now() > giveUpMs) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return true;
}
