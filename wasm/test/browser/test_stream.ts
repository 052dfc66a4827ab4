import { afterEach, vi } from "vitest";

import type { RegistrationUpdate, UpdateOf } from "../../src/shared/messages.js";
import type { RegistrationStreamOptions, WorkflowStreamOptions } from "../../src/browser/stream_options.js";
import { RegistrationStream } from "../../src/browser/stream.js";
import { WorkflowStream } from "../../src/browser/workflow_stream.js";
import type { Workflow } from "../../src/workflow.js";
import { FakeClock, FakeSignals } from "../fakes.js";

const streams: { close(): void }[] = [];

afterEach(() => {
  for (const stream of streams.splice(0)) {
    stream.close();
  }
  // Restored last: a listener may throw when its stream closes, into a global that the test has replaced.
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A stream with the test's time and signals. At the test's end it is closed, and globals are restored. */
export function createTestStream(options: RegistrationStreamOptions) {
  const clock = new FakeClock();
  const signals = new FakeSignals();
  const updates: RegistrationUpdate[] = [];
  const stream = new RegistrationStream({
    registrationId: 42,
    clock,
    signals,
    seed: [1, 2],
    onUpdate: (update) => updates.push(update),
    ...options,
  });
  streams.push(stream);
  return { stream, clock, signals, updates };
}

/** The same of any workflow. */
export function createWorkflowStream<W extends Workflow>(workflow: W, options: WorkflowStreamOptions<W>) {
  const clock = new FakeClock();
  const signals = new FakeSignals();
  const updates: UpdateOf<W>[] = [];
  const onUpdate = (update: UpdateOf<W>) => void updates.push(update);
  const stream = new WorkflowStream(workflow, { clock, signals, seed: [1, 2], onUpdate, ...options });
  streams.push(stream);
  return { stream, clock, signals, updates };
}
