import { dirname, join } from "node:path";

import { Child } from "../processes/child.ts";
import { program } from "../processes/gateway.ts";
import type { Client } from "./client_judge.ts";
import type { Random } from "./random.ts";

/** Several hundred clients in one process, through every entry. */
export class NativeClients {
  private constructor(
    private readonly child: Child,
    readonly clients: readonly Client[],
  ) {}

  /**
   * Starts clients that connect through the addresses and write what they see to `path`. One in six comes late: within
   * `lateMsMax`.
   */
  static async start(
    addresses: Readonly<Record<string, string>>,
    lateMsMax: number,
    random: Random,
    count: number,
    registrationOf: (index: number) => number | null,
    path: string,
  ): Promise<NativeClients> {
    const clients: Client[] = [];
    let lines = "";
    for (let index = 0; index < count; ++index) {
      const entry = random.one(Object.keys(addresses));
      const registrationId = registrationOf(index);
      const name = `${entry}-${index}`;
      clients.push({ name, registrationId, isPage: false });
      const query = registrationId === null ? "" : `?registrationId=${registrationId}`;
      const url = `http://${addresses[entry]}/api/registrations/updates/stream${query}`;
      const delayMs = index % 6 === 5 ? random.from(0, lateMsMax) : 0;
      lines += `${name} ${random.from(1, 2 ** 31)} ${delayMs} ${registrationId ?? 0} ${url}\n`;
    }
    const child = new Child(join(dirname(program), "stream_clients"), [path], {}, lines);
    await child.untilOutput(/clients/);
    return new NativeClients(child, clients);
  }

  get log(): string {
    return this.child.log;
  }

  /** Makes each client write its view, and ends them. */
  async end(): Promise<void> {
    await this.child.stop("SIGTERM");
  }
}
