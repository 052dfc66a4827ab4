import type { Publisher } from "regstream/publisher";

import type { Client } from "./client_judge.ts";
import { type EventId, parseEventId } from "./event_id.ts";
import { numbered } from "./history.ts";
import type { Publishers } from "./publishers.ts";
import { until, type Watch } from "./watch.ts";
import { publishOf } from "./workload.ts";

/** Bounds a hang. */
const recoverMsMax = 30_000;
/** After-effects of a fault show within this time, and backoffs start afresh. */
const quietMs = 1_100;

/** Publishes without passing the faults. A client that has a probe's update has recovered. */
export class Probe {
  constructor(
    private readonly publisher: Publisher,
    private readonly publishing: Publishers,
    private readonly watch: Watch,
    /** The serial of the others' last update. */
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
   * Waits until every client is connected and has everything published so far, no publisher waits for Redis, and
   * `others` is empty. Returns the id of the probe's update. Prints a note if that takes too long: the oracle then
   * judges the result.
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
