import type { Publisher } from "regstream/publisher";

import type { Client } from "./client_judge.ts";
import { type EventId, parseEventId } from "./event_id.ts";
import { numbered } from "./history.ts";
import type { Publishers } from "./publishers.ts";
import { until, type Watch } from "./watch.ts";
import { publishOf } from "./workload.ts";

/** Bounds a hang. */
const recoverMsMax = 30_000;
/** What is left of a fault shows within this, and backoffs begin afresh. */
const quietMs = 1_100;

/** Publishes past all faults: who has that is whole. */
export class Probe {
  constructor(
    private readonly publisher: Publisher,
    private readonly publishing: Publishers,
    private readonly watch: Watch,
    /** Of the last update of the others. */
    private serial: number,
  ) {}

  async publish(registrationId: number): Promise<EventId> {
    const publish = publishOf({ publisher: "probe", serial: ++this.serial, registrationId });
    this.publishing.publishes.set(publish.serial, publish);
    publish.calledMs = Date.now();
    const { id } = await this.publisher.publish({
      registrationId,
      status: "COMPLETED",
      message: numbered(publish.serial, "a probe"),
    });
    publish.answeredMs = Date.now();
    return (publish.id = parseEventId(id));
  }

  /**
   * Until everybody is connected, and has what was published by now; nobody waits for Redis; and nothing else is waited for. Gives the
   * id of what it has published. Says so where that takes too long: the oracle judges what comes of it.
   */
  async untilWhole(
    what: string,
    others: () => Readonly<Record<string, readonly unknown[]>> = () => ({}),
  ): Promise<EventId> {
    const last = await this.publish(1);
    const probeMs = Date.now();
    const followsAll = (client: Client): boolean => client.registrationId === null && this.watch.hasCome(client);
    let waitsFor: Readonly<Record<string, readonly unknown[]>> = {};
    const isWhole = async (): Promise<boolean> => {
      await this.watch.look();
      this.publishing.look();
      waitsFor = {
        withoutPosition: this.watch.withoutPosition,
        behind: this.watch.missing(() => last, followsAll).map(({ name }) => name),
        unanswered: this.publishing.unanswered(probeMs).map((publish) => `${publish.publisher} ${publish.serial}`),
        ...others(),
      };
      return Object.values(waitsFor).every(({ length }) => length === 0) && Date.now() - probeMs > quietMs;
    };
    if (!(await until(isWhole, recoverMsMax)))
      console.log(`${what}: not all was well within ${recoverMsMax} ms:`, waitsFor);
    return last;
  }
}
