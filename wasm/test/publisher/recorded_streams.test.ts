import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { registrationWorkflow } from "../../src/generated/registration.js";
import type { FinalStatus, UpdateToPublish } from "../../src/publisher/update_message.js";
import { encodeFinalStatus, encodeStageUpdate, encodeUpdate } from "../../src/publisher/update_message.js";
import type { StageStatus } from "../../src/shared/messages.js";

interface Step {
  readonly wait?: number;
  readonly late?: number;
  readonly stage?: readonly [number, string, StageStatus, string];
  readonly final?: readonly [number, FinalStatus, string];
  readonly details?: object;
  readonly processLog?: readonly unknown[];
  readonly update?: UpdateToPublish;
  readonly bare?: string;
}

interface Flow {
  readonly name: string;
  readonly steps: readonly Step[];
}

// The steps that the native programs were recorded with (tests/vectors/recorded_streams/README.md).
const folder = new URL("../../../tests/vectors/recorded_streams/", import.meta.url);
const firstTimestamp = 1702493000000;
const stepMs = 100;

function read(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

/** The text that a step publishes; null: nothing. */
function encode({ stage, final, details, processLog, update, bare }: Step, now: number): string | null {
  if (stage !== undefined) {
    return encodeStageUpdate(registrationWorkflow, ...stage, now);
  }
  if (final !== undefined) {
    return encodeFinalStatus(registrationWorkflow, ...final, details, processLog, now);
  }
  return update !== undefined ? encodeUpdate(registrationWorkflow, update, now) : (bare ?? null);
}

function messages(flow: Flow): readonly string[] {
  const all: string[] = [];
  let now = firstTimestamp;
  for (const step of flow.steps) {
    now += stepMs;
    const message = encode(step, now);
    if (message !== null) {
      all.push(message);
    }
    now += (step.wait ?? 0) + (step.late ?? 0);
  }
  return all;
}

describe("the messages of the given flows are the recorded ones", () => {
  const flows = JSON.parse(read("flows.json")) as readonly Flow[];
  it.each(flows)("$name", (flow) => {
    const [heading, ...rest] = read(`${flow.name}.txt`).split("\n");
    expect(heading).toBe("# messages");
    const recorded = rest.slice(
      0,
      rest.findIndex((line) => line.startsWith("# ")),
    );
    expect(recorded.length).toBeGreaterThan(0);
    expect(messages(flow)).toEqual(recorded);
  });
});
