import { readFileSync } from "node:fs";

import { beforeAll, expect, it } from "vitest";

import type { Core } from "../../src/core/core.js";
import { createViewReader, openClient, primeCore } from "../fakes.js";

interface Member {
  readonly sent: string;
  readonly read: Readonly<Record<string, unknown>>;
}

const path = new URL("../../../tests/vectors/messages/optional_members.json", import.meta.url);
const members = JSON.parse(readFileSync(path, "utf8")) as readonly Member[];

let core: Core;

beforeAll(async () => {
  core = await primeCore();
});

// The same file as the core's own test (tests/unit/core/optional_members_test.cpp).
it.each(members)("reads $sent, in the update and in the view", ({ sent, read }) => {
  const client = openClient(core, 42);
  const data = `{"type":"update","data":{"registrationId":42,"status":"PENDING",${sent}}}`;
  const batch = client.event(1, data, undefined, 1);
  expect(batch?.kind(0)).toBe("update");
  expect(batch?.update(0)).toEqual({ registrationId: 42, status: "PENDING", timestamp: 0, ...read });
  const reader = createViewReader();
  batch?.readViews(() => reader);
  expect(reader.view).toMatchObject({
    message: read["message"] ?? "",
    stage: read["stage"] ?? null,
    details: read["details"] ?? null,
    processLog: read["processLog"] ?? null,
    timestamp: read["timestamp"] ?? 0,
  });
  client.dispose();
});
