import { afterEach, beforeEach, expect, vi } from "vitest";

import type { RegistrationWorkflow } from "../../src/generated/registration.js";
import { registrationWorkflow } from "../../src/generated/registration.js";
import type { LeaseOptions } from "../../src/pool/lease.js";
import { Lease } from "../../src/pool/lease.js";
import { sharedStreamCount } from "../../src/pool/stream_pool.js";
import type { Workflow } from "../../src/workflow/workflow.js";
import type { FakeNetwork } from "../fakes.js";
import { createNetwork, settle, stageUpdate } from "../fakes.js";

export type Options = LeaseOptions<RegistrationWorkflow>;

/** What a page's components would do with the pool, and would see. */
export class TestUser<W extends Workflow> {
  readonly lease: Lease<W>;
  readonly heard: unknown[] = [];
  /** How often a change of the snapshot was announced. */
  changes = 0;
  #release: (() => void) | null = null;

  constructor(workflow: W, options: LeaseOptions<W>) {
    this.lease = new Lease(workflow, options);
    this.lease.subscribe(() => {
      this.changes += 1;
    });
    this.lease.subscribeToUpdates((update) => {
      this.heard.push((update as Readonly<Record<string, unknown>>)[workflow.id.member]);
    });
  }

  get seen() {
    return this.lease.getSnapshot();
  }

  /** Mounts, without connecting. */
  mount(): this {
    this.#release = this.lease.hold();
    return this;
  }

  connect(): this {
    this.lease.connect();
    return this;
  }

  unmount(): void {
    this.#release?.();
    this.#release = null;
  }
}

/** A component that has mounted, and connects. */
export function connected<W extends Workflow>(workflow: W, options: LeaseOptions<W> = {}): TestUser<W> {
  return new TestUser(workflow, options).mount().connect();
}

/** After each test: no stream of the page is left, and the environment is restored. */
export function leaveNothing(network: FakeNetwork): void {
  expect(sharedStreamCount()).toBe(0);
  expect(network.live).toBe(0);
  network.sources.length = 0;
  vi.useRealTimers();
  vi.unstubAllGlobals();
}

/** The initial state of each test of a file: a page without users, with the test's streams and timers. */
export function createPage() {
  const network = createNetwork();
  const users: TestUser<RegistrationWorkflow>[] = [];
  beforeEach(() => {
    vi.stubGlobal("EventSource", network.EventSource);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  });
  afterEach(async () => {
    users.splice(0).forEach((user) => user.unmount());
    await settle();
    leaveNothing(network);
  });
  /** A user of registrations, which leaves at the test's end. */
  const user = (options: Options = {}) => {
    const one = new TestUser(registrationWorkflow, options);
    users.push(one);
    return one;
  };
  return { network, user, follow: (options: Options = {}) => user(options).mount().connect() };
}

/** Another stage each time: a repeated update would be dropped. */
export function update(registrationId: number, timestamp = 1) {
  return stageUpdate(`stage_${timestamp}`, "started", timestamp, { registrationId });
}

/** The ids that a request asks for, by the parameter of its workflow. */
export function idsOf(url: string, parameter: string): string[] {
  return new URLSearchParams(url.split("?")[1]).getAll(parameter);
}

/** Streams collect changes of their ids for a frame, and reconnect at most once a second. */
export async function passFrame(ms = 20): Promise<void> {
  await settle();
  vi.advanceTimersByTime(ms);
  await settle();
}

/** Opens all streams that were not accepted yet. */
export async function acceptAll(network: FakeNetwork): Promise<void> {
  network.sources.filter(({ readyState }) => readyState === 0).forEach((source) => source.accept());
  await settle();
  expect(network.sources.every(({ readyState }) => readyState !== 0)).toBe(true);
}
