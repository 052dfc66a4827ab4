import type { RegistrationWorkflow } from "../../src/generated/registration.js";
import { registrationWorkflow } from "../../src/generated/registration.js";
import type { RegistrationUpdate } from "../../src/shared/messages.js";
import type { LifeEvent, PageLife } from "../../src/tabs/page_life.js";
import type { TabsStreamOptions } from "../../src/tabs/sharing.js";
import type { Channel, TabEnvironment } from "../../src/tabs/tab_environment.js";
import type { Locks } from "../../src/tabs/tab_lock.js";
import { TabsStream } from "../../src/tabs/tabs_stream.js";
import { createNetwork, FakeClock, FakeSignals, settle } from "../fakes.js";

interface Request {
  readonly run: () => Promise<unknown>;
  readonly rob: () => void;
}

/** The part of one origin's Web Locks that a tab uses. */
class FakeLocks {
  readonly #held = new Map<string, Request>();
  readonly #queues = new Map<string, Request[]>();

  readonly locks: Locks = {
    request: (name: string, ...rest: unknown[]) => {
      const [options, callback] = rest as [LockOptions, LockGrantedCallback<unknown>];
      return new Promise<never>((resolve, reject) => {
        const request: Request = {
          run: async () => await callback({ name, mode: "exclusive" }),
          rob: () => reject(new DOMException("stolen", "AbortError")),
        };
        options.signal?.addEventListener("abort", () => {
          this.#queues.set(
            name,
            this.#queue(name).filter((one) => one !== request),
          );
          reject(options.signal?.reason);
        });
        if (options.steal === true) {
          this.#held.get(name)?.rob();
          this.#grant(name, request, resolve as () => void);
        } else {
          this.#queues.set(name, [...this.#queue(name), request]);
          this.#serve(name, resolve as () => void);
        }
      });
    },
  };

  get names(): readonly string[] {
    return [...this.#held.keys()];
  }

  #queue(name: string): readonly Request[] {
    return this.#queues.get(name) ?? [];
  }

  #serve(name: string, resolve: () => void): void {
    const [next, ...others] = this.#queue(name);
    if (!this.#held.has(name) && next !== undefined) {
      this.#queues.set(name, others);
      this.#grant(name, next, resolve);
    }
  }

  #grant(name: string, request: Request, resolve: () => void): void {
    this.#held.set(name, request);
    queueMicrotask(() => {
      void request.run().then(() => {
        resolve();
        if (this.#held.get(name) === request) {
          this.#held.delete(name);
          this.#serve(name, () => {});
        }
      });
    });
  }
}

/** The channels of one origin. A message arrives a microtask later, as a copy. */
class FakeChannels {
  readonly #open = new Map<FakeChannel, string>();

  open(name: string): Channel {
    const channel = new FakeChannel(
      (message) => this.post(channel, message),
      () => this.#open.delete(channel),
    );
    this.#open.set(channel, name);
    return channel;
  }

  /** Posts to all listeners of `name`, as any script of the page could. */
  say(name: string, message: unknown): void {
    for (const [channel, own] of this.#open) {
      if (own === name) {
        const copy: unknown = structuredClone(message);
        queueMicrotask(() => this.#open.has(channel) && channel.hear(copy));
      }
    }
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#open.values());
  }

  post(from: FakeChannel, message: unknown): void {
    const name = this.#open.get(from);
    for (const [channel, own] of this.#open) {
      if (own === name && channel !== from) {
        const copy: unknown = structuredClone(message);
        queueMicrotask(() => this.#open.has(channel) && channel.hear(copy));
      }
    }
  }
}

class FakeChannel implements Channel {
  onmessage: Channel["onmessage"] = null;

  constructor(
    readonly postMessage: (message: unknown) => void,
    readonly close: () => void,
  ) {}

  hear(data: unknown): void {
    this.onmessage?.call(this as unknown as BroadcastChannel, new MessageEvent("message", { data }));
  }
}

export class FakeLife implements PageLife {
  isVisible = true;
  readonly #listeners = new Set<(event: LifeEvent) => void>();

  subscribe(listener: (event: LifeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(event: LifeEvent): void {
    this.isVisible = event === "hidden" ? false : this.isVisible || event === "visible";
    this.#listeners.forEach((listener) => listener(event));
  }
}

/** A browser with tabs of one origin. */
export class FakeBrowser {
  readonly network = createNetwork();
  readonly clock = new FakeClock();
  readonly locks = new FakeLocks();
  readonly channels = new FakeChannels();
  #tabs = 0;

  /** A tab with a stream that is not connected yet. */
  open(options: Partial<TabsStreamOptions<RegistrationWorkflow>> = {}, locks = this.locks.locks) {
    const life = new FakeLife();
    this.#tabs += 1;
    const name = `tab ${this.#tabs}`;
    const environment: TabEnvironment = {
      locks,
      life,
      openChannel: (channel) => this.channels.open(channel),
      time: () => 1_700_000_000_000 + this.clock.now(),
      createName: () => name,
      resolve: (url) => new URL(url, "https://bank.example/").href,
    };
    const updates: RegistrationUpdate[] = [];
    const whole = {
      ids: [42],
      clock: this.clock,
      signals: new FakeSignals(),
      seed: [1, 2] as const,
      frames: null,
      eventSource: this.network.EventSource,
      shareAcrossTabs: true as const,
      onUpdate: (update: RegistrationUpdate) => void updates.push(update),
      ...options,
    };
    const stream = new TabsStream(registrationWorkflow, whole, environment);
    return { stream, updates, life, options: whole };
  }

  /** Several connected tabs. The first is the owner, and its stream is open. */
  async openAll(count: number, options: Partial<TabsStreamOptions<RegistrationWorkflow>> = {}) {
    const tabs = Array.from({ length: count }, () => this.open(options));
    for (const { stream } of tabs) {
      stream.connect();
      await settleAll();
    }
    this.network.last.accept();
    await settleAll();
    return tabs;
  }
}

/** Lets all messages between tabs arrive. */
export async function settleAll(): Promise<void> {
  for (let turn = 0; turn < 5; ++turn) {
    await settle();
  }
}
