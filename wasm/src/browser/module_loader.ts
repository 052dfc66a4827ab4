import type { Core } from "../core/core.js";
import { StreamError } from "../core/errors.js";
import { loadCore } from "../core/load_core.js";
import { pageWide } from "../shared/page_wide.js";
import type { Workflow } from "../workflow/workflow.js";
import { randomSeed } from "./seed.js";
import type { WorkflowStreamOptions } from "./stream_options.js";

/** The wait before the module is loaded again: this long, doubled with each failure. */
const delayMs = 1_000;
const delayMsMax = 60_000;

type LoaderOptions = Pick<WorkflowStreamOptions<Workflow>, "loadCore" | "seed">;

/** One of these is called when a load ends, unless it was stopped. */
export interface LoadEvents {
  loaded(core: Core): void;
  /** Load again after the delay, or sooner. */
  failed(error: StreamError, retryAfterMs: number): void;
}

/** `loadCore` explains its failures; a function of the page may not. */
function loadError(cause: unknown): StreamError {
  const isKnown = cause instanceof StreamError && cause.kind === "load_failed";
  const message = `regstream.wasm could not be loaded: ${String(cause)}`;
  return isKnown ? cause : new StreamError("load_failed", message, cause);
}

/** Prints once a page: each stream retries again and again. */
function report(error: StreamError): void {
  const reports = pageWide("load failure", () => ({ count: 0 }));
  if (reports.count === 0) {
    console.error(error.message);
  }
  reports.count += 1;
}

/** Loads the module and counts consecutive failures. */
export class ModuleLoader {
  readonly #loadCore: () => Promise<Core>;
  /** From 0 to 1. */
  readonly #random: () => number;
  /** Counts loads and stops, so that a load that ends late notices that it is obsolete. */
  #run = 0;
  #isLoading = false;
  #failures = 0;

  constructor({ loadCore: load, seed }: LoaderOptions) {
    this.#loadCore = () => (load ?? loadCore)();
    this.#random = () => (seed ?? randomSeed())[0] / 2 ** 32;
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  /** The last load failed, and the next one waits. */
  get isWaiting(): boolean {
    return this.#failures > 0 && !this.#isLoading;
  }

  load(events: LoadEvents): void {
    const run = ++this.#run;
    const end = (work: () => void) => {
      if (run === this.#run) {
        this.#isLoading = false;
        work();
      }
    };
    this.#isLoading = true;
    // The page's function may throw synchronously.
    new Promise<Core>((resolve) => resolve(this.#loadCore())).then(
      (core) =>
        end(() => {
          this.#failures = 0;
          events.loaded(core);
        }),
      (cause: unknown) =>
        end(() => {
          const error = loadError(cause);
          report(error);
          events.failed(error, this.#nextDelay());
        }),
    );
  }

  stop(): void {
    this.#run += 1;
    this.#isLoading = false;
    this.#failures = 0;
  }

  /** Half of the delay is random, so that the pages that a deployment broke don't come back all at once. */
  #nextDelay(): number {
    const most = Math.min(delayMs * 2 ** this.#failures, delayMsMax);
    this.#failures += 1;
    return most * (0.5 + this.#random() / 2);
  }
}
