import { readFileSync } from "node:fs";

import { beforeAll, describe, expect, it } from "vitest";

import type { Core } from "../../src/core/core.js";
import { registrationWorkflow } from "../../src/generated/registration.js";
import { encodeUpdate } from "../../src/publisher/update_message.js";
import { createViewReader, openClient, primeCore } from "../fakes.js";

interface Id {
  /** JSON text. */
  readonly sent: string;
  readonly read?: number;
  readonly refused?: string;
}

// The same file as the core's own test (tests/unit/core/codec_update_test.cpp).
const path = new URL("../../../tests/vectors/messages/registration_ids.json", import.meta.url);
const ids = JSON.parse(readFileSync(path, "utf8")) as readonly Id[];

let core: Core;

beforeAll(async () => {
  core = await primeCore();
});

describe.each(ids)("the registration id $sent", ({ sent, read }) => {
  it("is a number for the page, or the message is malformed", () => {
    const client = openClient(core, undefined);
    const batch = client.event(
      1,
      `{"type":"update","data":{"registrationId":${sent},"status":"PENDING"}}`,
      undefined,
      1,
    );
    expect(batch?.kind(0)).toBe(read === undefined ? "malformed" : "update");
    if (read !== undefined) {
      expect(batch?.update(0)).toEqual({ registrationId: read, status: "PENDING", timestamp: 0 });
    }
    client.dispose();
  });

  it("belongs to the stream of that registration", () => {
    const client = openClient(core, read ?? 42);
    const batch = client.event(
      1,
      `{"type":"update","data":{"registrationId":${sent},"status":"PENDING"}}`,
      undefined,
      1,
    );
    expect(batch?.kind(0)).toBe(read === undefined ? "malformed" : "update");
    const reader = createViewReader();
    batch?.readViews(() => reader);
    expect(reader.view?.registrationId).toBe(read);
    client.dispose();
  });

  it("is published if it is a number that readers accept", () => {
    const id: unknown = JSON.parse(sent);
    const publish = () => encodeUpdate(registrationWorkflow, { registrationId: id as number, status: "PENDING" }, 1);
    if (read !== undefined && typeof id === "number") {
      expect(publish()).toContain(`"registrationId":${read},`);
    } else {
      expect(publish).toThrow(/^registrationId must be/);
    }
  });
});
