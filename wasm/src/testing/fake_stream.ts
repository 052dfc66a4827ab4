import type { EventSourceConstructor } from "../browser/event_source_transport.js";
import { RegistrationStream } from "../browser/stream.js";
import type { RegistrationStreamOptions, WorkflowStreamOptions } from "../browser/stream_options.js";
import { WorkflowStream } from "../browser/workflow_stream.js";
import type { Core } from "../core/core.js";
import { loadCore } from "../core/load_core.js";
import type { RegistrationWorkflow } from "../generated/registration.js";
import { registrationWorkflow } from "../generated/registration.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import { FakeClock } from "./fake_clock.js";
import { FakeServer } from "./fake_server.js";
import { FakeSignals } from "./fake_signals.js";

/** Replacements for the network, the time and the window: options of a stream, or of what makes one. */
export interface StandIns {
  readonly eventSource: EventSourceConstructor;
  readonly clock: FakeClock;
  readonly signals: FakeSignals;
  /** Listeners are called at each change at once. */
  readonly frames: null;
  readonly seed: readonly [number, number];
  readonly loadCore: () => Promise<Core>;
}

/** A fake stream's options: the stream's own, except those that the fake replaces. */
export type FakeStreamOptions<Options> = Omit<Options, Exclude<keyof StandIns, "loadCore">>;

/** A real stream whose server, time and window are the test's: nothing happens unless the test lets it happen. */
export class FakeStream<W extends Workflow, Stream extends WorkflowStream<W>> extends FakeServer<W> {
  /** The stream's time: delays and timeouts pass when the test advances it. */
  readonly clock: FakeClock;
  /** Options for components and streams of the page's own, which connect to this server. Always the same object. */
  readonly options: StandIns;
  readonly #signals = new FakeSignals();
  readonly #createStream: (standIns: StandIns) => Stream;
  #stream: Stream | null = null;

  constructor(
    workflow: W,
    id: IdOf<W> | undefined,
    load: () => Promise<Core>,
    createStream: (standIns: StandIns) => Stream,
  ) {
    const clock = new FakeClock();
    super(workflow, id, clock);
    this.clock = clock;
    this.#createStream = createStream;
    this.options = {
      eventSource: this.eventSource,
      clock,
      signals: this.#signals,
      frames: null,
      seed: [1, 2],
      loadCore: load,
    };
  }

  /** The stream, made at the first access: a test of components with their own streams needs none. */
  get stream(): Stream {
    this.#stream ??= this.#createStream(this.options);
    return this.#stream;
  }

  /**
   * Sends a signal: the network is gone, or back; the page became visible; the page came back from the back-forward
   * cache.
   */
  signal(signal: Parameters<FakeSignals["send"]>[0]): void {
    this.#signals.send(signal);
  }
}

/**
 * Creates a fake stream of any workflow. Loads the module, once for the whole test run. Rejects with a StreamError, or
 * the error of `loadCore`, if that fails.
 */
export async function fakeWorkflowStream<W extends Workflow>(
  workflow: W,
  options: FakeStreamOptions<WorkflowStreamOptions<W>> = {},
): Promise<FakeStream<W, WorkflowStream<W>>> {
  const load = options.loadCore ?? (() => loadCore());
  await load();
  return new FakeStream(workflow, options.id, load, (standIns) => {
    return new WorkflowStream(workflow, { ...options, ...standIns });
  });
}

/** Creates a fake stream of registrations: `fakeWorkflowStream` of the built-in workflow. */
export async function fakeRegistrationStream(
  options: FakeStreamOptions<RegistrationStreamOptions> = {},
): Promise<FakeStream<RegistrationWorkflow, RegistrationStream>> {
  const load = options.loadCore ?? (() => loadCore());
  await load();
  return new FakeStream(registrationWorkflow, options.registrationId, load, (standIns) => {
    return new RegistrationStream({ ...options, ...standIns });
  });
}
