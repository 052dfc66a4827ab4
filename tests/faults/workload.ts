import { numbered } from "./history.ts";
import type { Publish } from "./publishes.ts";
import type { Random } from "./random.ts";

/** Who publishes how many of every hundred updates. */
const everybody = { cpp: 33, ioredis: 25, "node-redis": 25, http: 12, plain: 5 };

export type PublisherName = keyof typeof everybody;

/** An update that is to be published. */
export interface Step {
  readonly publisher: PublisherName;
  readonly serial: number;
  readonly registrationId: number;
  /** "-": an outcome. */
  readonly stage: string;
  /** Of the stage, or the outcome. */
  readonly status: string;
  readonly message: string;
}

const stages = ["duplicate_check", "t24_lookup", "account_validation", "status_update", "sanctions_screening"];
const stageStatuses = ["started", "completed", "failed", "skipped"];
const outcomes = ["APPROVED", "DUPLICATE", "FAILED", "COMPLETED"];
/** What escaping, cutting and counting bytes go wrong with. */
const words = [
  ...["Found 5 accounts", 'the "quoted" one', "back\\slash", "ደንበኛ ተገኝቷል", "😀"],
  ...["tab\there", "line\u2028separator", '","id":"1-1"}', "data: x"],
];

function text(random: Random): string {
  // A few are as long as several packets.
  const length = random.next() < 0.02 ? random.from(50, 400) : random.from(1, 5);
  return Array.from({ length }, () => random.one(words)).join(" ");
}

/** `count` updates of the publishers, by their shares, in the order in which they are to be published. */
export function workload(
  random: Random,
  count: number,
  registrations: number,
  shares: Readonly<Partial<Record<PublisherName, number>>> = everybody,
): Step[] {
  const lots = (Object.keys(shares) as PublisherName[]).flatMap((name) =>
    Array.from({ length: shares[name] ?? 0 }, () => name),
  );
  return Array.from({ length: count }, (_, index) => {
    const isOutcome = random.next() < 0.2;
    return {
      publisher: random.one(lots),
      serial: index + 1,
      registrationId: random.from(1, registrations),
      stage: isOutcome ? "-" : random.one(stages),
      status: random.one(isOutcome ? outcomes : stageStatuses),
      message: numbered(index + 1, text(random)),
    };
  });
}

/** As update_publisher.cpp and node_publisher.ts read it. */
export function lineOf({ serial, registrationId, stage, status, message }: Step): string {
  return `${serial} ${registrationId} ${stage} ${status} ${message}\n`;
}

/** What is known of an update before it is published. */
export function publishOf({
  publisher,
  serial,
  registrationId,
}: Pick<Step, "serial" | "registrationId"> & { publisher: string }): Publish {
  return {
    publisher,
    serial,
    registrationId,
    isPlain: publisher === "plain",
    calledMs: null,
    answeredMs: null,
    id: null,
    failure: null,
    hasOpenAttempt: false,
  };
}
