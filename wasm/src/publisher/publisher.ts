/**
 * Publishing from Node through the application's own Redis client: what the native publisher does, by the very same
 * script. Needs neither a browser nor the WebAssembly module.
 */

import { randomUUID } from "node:crypto";

import type { Clock } from "../shared/clock.js";
import { createClock } from "../shared/clock.js";
import type { RegistrationWorkflow } from "../generated/registration.js";
import { registrationWorkflow } from "../generated/registration.js";
import type { StageStatus } from "../shared/messages.js";
import { defineWorkflow } from "../workflow/define_workflow.js";
import type { FinalStatusOf, IdOf, OrAnyOther, StageOf, Workflow } from "../workflow/workflow.js";
import type { HistoryOptions } from "./history_call.js";
import { PublishConsole } from "./publish_console.js";
import type { PublishError } from "./publish_errors.js";
import type { Published } from "./publish_queue.js";
import { PublishSender } from "./publish_sender.js";
import type { RedisClient } from "./redis_client.js";
import { createRunner } from "./redis_client.js";
import type { ReplicaWait } from "./replica_wait.js";
import type { UpdateToPublish } from "./update_message.js";
import { encodeFinalStatus, encodeStageUpdate, encodeUpdate, utf8Bytes } from "./update_message.js";

export interface PublisherOptions<W extends Workflow = RegistrationWorkflow> {
  /** Whose updates: default the registration. */
  readonly workflow?: W | undefined;
  /**
   * Updates that Redis keeps, for whoever comes back or comes late: 1 to 1 000 000, default 10 000. Where there are more,
   * a hundredth goes at once.
   */
  readonly historyLength?: number | undefined;
  /** Bytes of them together: 2 MiB to 4 GiB, default 64 MiB. */
  readonly historyBytes?: number | undefined;
  /**
   * How long Redis keeps by what it knows updates again, and so how long they may be sent again; and how long it keeps
   * keys: a second to a day, default ten minutes.
   */
  readonly keyLifetimeMs?: number | undefined;
  /**
   * So many replicas are to have an update before its promise resolves: 0 to 100, default 0. Redis's WAIT lets all
   * that follows on its connection wait, so the publisher then connects a client of its own, made by the `duplicate()`
   * of the application's; `close` ends it. Not to be had of a cluster.
   */
  readonly waitReplicas?: number | undefined;
  /**
   * For so long it waits for them before it sends again: a millisecond to a minute, default a second. After each time
   * that was too short it waits for twice as long, up to four seconds.
   */
  readonly waitTimeoutMs?: number | undefined;
  /** Updates that wait for Redis here, at most: default 10 000. */
  readonly waitingMax?: number | undefined;
  /** Bytes of them together: default 16 MiB. */
  readonly waitingBytesMax?: number | undefined;
  /**
   * Hears why updates wait, or were lost: once a kind of trouble, until Redis takes updates again. Default: a line on
   * the console, at most one of a kind in ten seconds.
   */
  readonly onTrouble?: ((trouble: PublishError) => void) | undefined;
  /**
   * Hears that Redis takes updates again, after `onTrouble` was told that they wait. Default: a line on the console,
   * if that of `onTrouble` is.
   */
  readonly onRecovery?: (() => void) | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** For tests: gives the current time in milliseconds since the Unix epoch. */
  readonly now?: (() => number) | undefined;
  /** For tests: gives what spreads retries, from 0 to 1. */
  readonly random?: (() => number) | undefined;
}

export interface PublishOptions {
  /**
   * Two updates with one idempotency key are one, and both get its id, while Redis keeps the key: 1 to 256 bytes.
   * Default: none, and each publish is an update of its own, however often it is tried again.
   */
  readonly key?: string | undefined;
  /** Milliseconds since the Unix epoch, where the update itself says none. Default: now. */
  readonly timestamp?: number | undefined;
}

/**
 * Says what happens to the instances of a workflow. Updates of one publisher keep their order.
 *
 * Each promise gives the id that the update got in the history. It rejects with TypeError where the arguments are no
 * update of the workflow, and with PublishError where it did not get into the history; while Redis is away, or takes no
 * writes, it just waits.
 */
export interface WorkflowPublisher<W extends Workflow> {
  /** A stage started, or ended. The instance's status is `stageUpdateStatus` meanwhile. */
  publishStageUpdate(
    id: IdOf<W>,
    stage: OrAnyOther<StageOf<W>>,
    stageStatus: StageStatus,
    message: string,
    options?: PublishOptions,
  ): Promise<Published>;
  /** The instance has ended, or a later step changed its outcome. */
  publishFinalStatus(
    id: IdOf<W>,
    status: FinalStatusOf<W>,
    message: string,
    details?: object | null,
    processLog?: readonly unknown[] | null,
    options?: PublishOptions,
  ): Promise<Published>;
  /** Any update, with members of its own too. */
  publish(update: UpdateToPublish<W>, options?: PublishOptions): Promise<Published>;
  /** How many updates wait for Redis, those that are being sent included. */
  readonly waiting: number;
  /** Gives up what waits. The client stays as it is: it is the application's. */
  close(): void;
}

/** Says what happens to registrations. The names are the contract's. */
export interface Publisher extends WorkflowPublisher<RegistrationWorkflow> {}

const keyBytesMax = 256;

/** The client's own connection decides whether the process goes on; a publisher's timers do not. */
function unreferencedClock(): Clock {
  const clock = createClock();
  return {
    now: () => clock.now(),
    setTimer(callback, delayMs) {
      const timer = setTimeout(callback, Math.ceil(delayMs));
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}

function limit(name: string, value: number | undefined, least: number, standard: number, most: number): number {
  const chosen = value ?? standard;
  if (!Number.isInteger(chosen) || chosen < least || chosen > most) {
    throw new TypeError(`${name} must be a whole number from ${least} to ${most}`);
  }
  return chosen;
}

function checkedKey(key: unknown): string {
  if (typeof key !== "string" || key === "" || utf8Bytes(key) > keyBytesMax || /\p{Surrogate}/u.test(key)) {
    throw new TypeError(`key must be a string of 1 to ${keyBytesMax} bytes`);
  }
  return key;
}

/**
 * A publisher over the application's client: ioredis, or node-redis 4 or 5, told apart by their methods; of one server,
 * of a cluster, or by sentinels. The client connects, reconnects and ends as the application has it. Throws TypeError
 * where it can't publish.
 */
export function createPublisher<W extends Workflow = RegistrationWorkflow>(
  redis: RedisClient,
  options: PublisherOptions<W> = {},
): WorkflowPublisher<W> {
  // Once a publisher, so that what is published is right even where no compiler has looked at the declaration.
  const workflow = options.workflow === undefined ? registrationWorkflow : defineWorkflow(options.workflow);
  const history: HistoryOptions = {
    channel: workflow.channel,
    length: limit("historyLength", options.historyLength, 1, 10_000, 1_000_000),
    bytes: limit("historyBytes", options.historyBytes, 2 ** 21, 2 ** 26, 2 ** 32),
    keyLifetimeMs: limit("keyLifetimeMs", options.keyLifetimeMs, 1_000, 600_000, 86_400_000),
  };
  const wait: ReplicaWait = {
    replicas: limit("waitReplicas", options.waitReplicas, 0, 0, 100),
    timeoutMs: limit("waitTimeoutMs", options.waitTimeoutMs, 1, 1_000, 60_000),
  };
  const clock = options.clock ?? unreferencedClock();
  const lines = new PublishConsole(clock);
  const runner = createRunner(redis, workflow.channel, wait.replicas === 0 ? null : wait);
  const sender = new PublishSender(runner, {
    history,
    limits: {
      waitingMax: limit("waitingMax", options.waitingMax, 1, 10_000, Number.MAX_SAFE_INTEGER),
      waitingBytesMax: limit("waitingBytesMax", options.waitingBytesMax, 2 ** 20, 2 ** 24, Number.MAX_SAFE_INTEGER),
      batchesInFlightMax: runner.callsInFlightMax,
    },
    name: randomUUID(),
    clock,
    random: options.random ?? Math.random,
    onTrouble: options.onTrouble ?? ((trouble) => lines.onTrouble(trouble)),
    onRecovery: options.onRecovery ?? (options.onTrouble === undefined ? () => lines.onRecovery() : () => undefined),
  });
  const now = options.now ?? Date.now;

  // Not async: such a promise would be another one, and end the process where nobody waits for it.
  function push(encode: (timestamp: number) => string, { key, timestamp }: PublishOptions = {}): Promise<Published> {
    try {
      const message = encode(timestamp ?? now());
      return sender.push(message, key === undefined ? null : checkedKey(key));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  return {
    publishStageUpdate: (id, stage, stageStatus, message, more) =>
      push((timestamp) => encodeStageUpdate(workflow, id, stage, stageStatus, message, timestamp), more),
    publishFinalStatus: (id, status, message, details, processLog, more) =>
      push((timestamp) => encodeFinalStatus(workflow, id, status, message, details, processLog, timestamp), more),
    publish: (update, more) => push((timestamp) => encodeUpdate(workflow, update, timestamp), more),
    get waiting() {
      return sender.waiting;
    },
    close: () => sender.close(),
  };
}
