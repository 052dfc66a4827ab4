/**
 * Publishes from Node through the application's own Redis client, with the same Redis script as the native publisher.
 * Needs neither a browser nor the WebAssembly module.
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
  /** The workflow whose updates are published. Default: registration. */
  readonly workflow?: W | undefined;
  /**
   * Updates that Redis keeps for clients that come late or reconnect: 1 to 1 000 000, default 10 000. Beyond that, a
   * hundredth of them is removed at once.
   */
  readonly historyLength?: number | undefined;
  /** Total bytes of those updates: 2 MiB to 4 GiB, default 64 MiB. */
  readonly historyBytes?: number | undefined;
  /**
   * How long Redis keeps what it recognises repeated updates by, idempotency keys included: a second to a day, default
   * ten minutes. Unacknowledged updates are sent again for no longer than that.
   */
  readonly keyLifetimeMs?: number | undefined;
  /**
   * How many replicas must have an update before its promise resolves: 0 to 100, default 0. Redis's WAIT blocks the
   * connection that it is sent on, so the publisher then uses its own client, made by the `duplicate()` of the
   * application's; `close` ends it. A cluster's client can't do this.
   */
  readonly waitReplicas?: number | undefined;
  /**
   * How long to wait for replicas before sending again: a millisecond to a minute, default a second. After each wait
   * that was too short the next one is twice as long, up to four seconds.
   */
  readonly waitTimeoutMs?: number | undefined;
  /** How many updates may wait for Redis in this process. Default: 10 000. */
  readonly waitingMax?: number | undefined;
  /** Total bytes of the updates that wait. Default: 16 MiB. */
  readonly waitingBytesMax?: number | undefined;
  /**
   * Called when updates wait or were lost: once for each kind of trouble, until Redis takes updates again. Default:
   * prints a line, at most one of a kind in ten seconds.
   */
  readonly onTrouble?: ((trouble: PublishError) => void) | undefined;
  /**
   * Called when Redis takes updates again after `onTrouble` reported that they wait. Default: prints a line, if
   * `onTrouble` is the default, too.
   */
  readonly onRecovery?: (() => void) | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** For tests: returns the current time in milliseconds since the Unix epoch. */
  readonly now?: (() => number) | undefined;
  /** For tests: returns a number from 0 to 1, which spreads retries. */
  readonly random?: (() => number) | undefined;
}

export interface PublishOptions {
  /**
   * The idempotency key, 1 to 256 bytes. Updates with the same key count as one and get one id, while Redis keeps the
   * key. Default: none. Retries never publish an update twice, with or without a key.
   */
  readonly key?: string | undefined;
  /** Milliseconds since the Unix epoch, if the update itself has no time. Default: now. */
  readonly timestamp?: number | undefined;
}

/**
 * Publishes updates of a workflow's instances, in the order of the calls.
 *
 * Each promise resolves with the id that the update got in the history. It rejects with TypeError if the arguments are
 * not an update of the workflow, and with PublishError if the update did not get into the history. While Redis is away,
 * or takes no writes, it stays pending.
 */
export interface WorkflowPublisher<W extends Workflow> {
  /** Publishes that a stage started or ended. The instance's status is then `stageUpdateStatus`. */
  publishStageUpdate(
    id: IdOf<W>,
    stage: OrAnyOther<StageOf<W>>,
    stageStatus: StageStatus,
    message: string,
    options?: PublishOptions,
  ): Promise<Published>;
  /** Publishes that the instance has ended, or that a later step changed its outcome. */
  publishFinalStatus(
    id: IdOf<W>,
    status: FinalStatusOf<W>,
    message: string,
    details?: object | null,
    processLog?: readonly unknown[] | null,
    options?: PublishOptions,
  ): Promise<Published>;
  /** Publishes any update, also one with members of its own. */
  publish(update: UpdateToPublish<W>, options?: PublishOptions): Promise<Published>;
  /** How many updates wait for Redis, those in flight included. */
  readonly waiting: number;
  /** Gives up the updates that wait. The application's client stays open. */
  close(): void;
}

/** Publishes updates of registrations. The method names are the contract's. */
export interface Publisher extends WorkflowPublisher<RegistrationWorkflow> {}

const keyBytesMax = 256;

/** The client's connection keeps the process alive; a publisher's timers do not. */
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
 * Creates a publisher over the application's client: ioredis, or node-redis 4 or 5, recognised by their methods, for
 * one server, a cluster or sentinels. The application connects and ends the client. Throws TypeError if the client
 * can't publish or an option is out of range.
 */
export function createPublisher<W extends Workflow = RegistrationWorkflow>(
  redis: RedisClient,
  options: PublisherOptions<W> = {},
): WorkflowPublisher<W> {
  // Checked here as well: no compiler may have seen the declaration.
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

  // Not async: that would return a second promise, whose unhandled rejection ends the process.
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
