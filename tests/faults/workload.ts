import { numbered } from "./history.ts";
import type { Publish } from "./publishes.ts";
import type { Random } from "./random.ts";

/** How many of every hundred updates each publisher publishes. */
const everybody = { cpp: 33, ioredis: 25, "node-redis": 25, http: 12, plain: 5 };

export type PublisherName = keyof typeof everybody;

/** An update to publish. */
export interface Step {
  readonly publisher: PublisherName;
  readonly serial: number;
  readonly registrationId: number;
  /** "-": an outcome. */
  readonly stage: string;
  /** The status of the stage, or the outcome. */
  readonly status: string;
  readonly message: string;
}

const stages = ["duplicate_check", "t24_lookup", "account_validation", "status_update", "sanctions_screening"];
const stageStatuses = ["started", "completed", "failed", "skipped"];
const outcomes = ["APPROVED", "DUPLICATE", "FAILED", "COMPLETED"];
/** Texts that escaping, splitting and byte counting may get wrong. */
const words = [
  ...["Found 5 accounts", 'the "quoted" one', "back\\slash", "ደንበኛ ተገኝቷል", "😀"],
  ...["tab\there", "line\u2028separator", '","id":"1-1"}', "data: x"],
];

function text(random: Random): string {
  // A few messages are as long as several packets.
  const length = random.next() < 0.02 ? random.from(50, 400) : random.from(1, 5);
  return Array.from({ length }, () => random.one(words)).join(" ");
}

/**
 * Makes `count` updates, distributed over the publishers by their shares, in the order in which they will be published.
 */
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

/** A line as update_publisher.cpp and node_publisher.ts read it. */
export function lineOf({ serial, registrationId, stage, status, message }: Step): string {
  return `${serial} ${registrationId} ${stage} ${status} ${message}\n`;
}

/** The state of an update before it is published. */
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
