import { describe, expect, expectTypeOf, it } from "vitest";

import type { Publisher, RedisClient, WorkflowPublisher } from "../../src/publisher.js";
import { createPublisher } from "../../src/publisher.js";
import { csvImport } from "../workflow/csv_import.js";
import { FakeClock, settle } from "../fakes.js";
import { FakeRedis, shapes } from "./fake_redis.js";

describe.each(shapes)("a publisher of a workflow over $name", ({ clientOf }) => {
  const redis = new FakeRedis();
  const publisher = createPublisher(clientOf(redis), { workflow: csvImport, clock: new FakeClock(), now: () => 5 });

  it("publishes on the workflow's channel, under its keys", async () => {
    const published = publisher.publishFinalStatus("a.csv", "IMPORTED", "5000 rows", { rows: 5000 }, null, {
      key: "k",
    });
    await settle();
    expect(redis.last.keys).toEqual([
      "{service:csv-imports}:history",
      "{service:csv-imports}:server",
      expect.stringMatching(/^\{service:csv-imports\}:publisher:/),
      "{service:csv-imports}:key:k",
    ]);
    expect(redis.last.args[4]).toBe("service:csv-imports");
    expect(redis.last.args.at(-1)).toBe(
      '{"file":"a.csv","status":"IMPORTED","message":"5000 rows","details":{"rows":5000},"timestamp":5}',
    );
    redis.last.accept();
    expect(await published).toMatchObject({ id: expect.stringMatching(/^\d+-\d+$/) as string });
  });

  it("rejects values that the declaration does not allow, and names those that it does", async () => {
    await expect(publisher.publishFinalStatus("a.csv", "RUNNING" as never, "x")).rejects.toThrow(
      new TypeError("the final status must be IMPORTED or REJECTED"),
    );
    await expect(publisher.publishStageUpdate(42 as never, "read", "started", "x")).rejects.toThrow(
      /^file must be text: 1 to/,
    );
  });

  it("is not made from a declaration that breaks a rule", () => {
    const workflow = { ...csvImport, channel: "" };
    expect(() => createPublisher(clientOf(redis), { workflow })).toThrow(/^channel must be 1 to 128 visible/);
  });
});

describe("a publisher's types", () => {
  it("are the workflow's: names, and ids of its kind", () => {
    type Csv = WorkflowPublisher<typeof csvImport>;
    expectTypeOf<Parameters<Csv["publishFinalStatus"]>[1]>().toEqualTypeOf<"IMPORTED" | "REJECTED">();
    expectTypeOf<Parameters<Csv["publishStageUpdate"]>[0]>().toEqualTypeOf<string>();
    expectTypeOf<Parameters<Csv["publishStageUpdate"]>[1]>().toEqualTypeOf<"read" | "write" | (string & {})>();
    expectTypeOf<Parameters<Csv["publish"]>[0]>().toHaveProperty("file").toEqualTypeOf<string>();
  });

  it("are registration's if no workflow is named", () => {
    const create = (redis: RedisClient) => createPublisher(redis);
    expectTypeOf<ReturnType<typeof create>>().toExtend<Publisher>();
    expectTypeOf<Parameters<Publisher["publishFinalStatus"]>[0]>().toEqualTypeOf<number>();
    expectTypeOf<Parameters<Publisher["publishFinalStatus"]>[1]>().toEqualTypeOf<
      "APPROVED" | "DUPLICATE" | "FAILED" | "COMPLETED"
    >();
  });
});
