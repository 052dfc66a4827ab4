import { afterEach, describe, expect, test } from "vitest";

import { EventStream, isFinal } from "../processes/event_stream.ts";
import { Gateway, type GatewayOptions } from "../processes/gateway.ts";

interface Registration {
  id: number;
  status: string;
  validating: boolean;
  accounts: unknown[];
  details: Record<string, unknown> | null;
  processLog: { stage: string; stageStatus: string }[];
  mobileUserId: string | null;
  elixirUserId: string | null;
}

const fast = ["--t24-latency-ms", "0", "--stage-pace-ms", "0"];
const stages = ["duplicate_check", "t24_lookup", "account_validation", "status_update"];

describe("a validation on the embedded broker", () => {
  const running: Gateway[] = [];
  const start = async (options: GatewayOptions = {}): Promise<Gateway> => {
    const gateway = await Gateway.start({ more: [...fast, "--job-interval-ms", "3600000"], ...options });
    running.push(gateway);
    return gateway;
  };
  afterEach(async () => {
    await Promise.all(running.splice(0).map((gateway) => gateway.stop("SIGKILL")));
  });

  test("shows every stage start and complete, in order, then the final status with details and log", async () => {
    const gateway = await start();
    const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream?registrationId=42"));
    expect(await stream.next()).toMatchObject({ type: "connected", timestamp: expect.any(Number) });

    const accepted = await gateway.validate(42);
    expect(accepted.status).toBe(202);

    const updates = await stream.updatesUntil(isFinal);
    expect(updates.slice(0, -1).map(({ stage, stageStatus }) => [stage, stageStatus])).toEqual(
      stages.flatMap((stage) => [
        [stage, "started"],
        [stage, "completed"],
      ]),
    );
    for (const update of updates) {
      expect(update).toMatchObject({
        registrationId: 42,
        message: expect.stringMatching(/./),
        timestamp: expect.any(Number),
      });
    }
    expect(updates.at(-1)).toMatchObject({ status: "APPROVED", details: { accountsFound: 5 } });
    expect(updates.at(-1)?.processLog).toHaveLength(8);

    const registration = await gateway.get<Registration>("/api/registrations/42");
    expect(registration).toMatchObject({ status: "APPROVED", validating: false, details: { accountsFound: 5 } });
    expect(registration.accounts).toHaveLength(5);
  });

  test("reaches every outcome of the contract, each for at least two customers", async () => {
    const gateway = await start();
    const { registrations } = await gateway.get<{ registrations: Registration[] }>("/api/registrations");
    expect(registrations.length).toBeGreaterThanOrEqual(12);

    const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream"));
    const endings = new Map<string, number>();
    for (const { id } of registrations.filter(({ status }) => status === "PENDING")) {
      expect((await gateway.validate(id)).status).toBe(202);
      const updates = await stream.updatesUntil((update) => update.registrationId === id && isFinal(update));
      const last = updates.at(-1);
      const failedStage = updates.find((update) => update.stageStatus === "failed")?.stage;
      const ending = `${last?.status}${failedStage === undefined ? "" : ` in ${failedStage}`}`;
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
    }
    expect([...endings.keys()].sort()).toEqual(
      ["APPROVED", "COMPLETED", "DUPLICATE", "FAILED in account_validation", "FAILED in t24_lookup"].sort(),
    );
    for (const count of endings.values()) expect(count).toBeGreaterThanOrEqual(2);
  });

  test("becomes COMPLETED after APPROVED by the scheduled job, which names the user that it created", async () => {
    const gateway = await start({ more: [...fast, "--job-interval-ms", "20"] });
    const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream?registrationId=42"));
    await gateway.validate(42);
    const updates = await stream.updatesUntil((update) => update.status === "COMPLETED");
    expect(updates.at(-1)).toMatchObject({
      message: "User created successfully",
      details: { mobileUserId: expect.anything(), elixirUserId: expect.anything() },
    });
    const registration = await gateway.get<Registration>("/api/registrations/42");
    expect(registration.status).toBe("COMPLETED");
    expect(registration.mobileUserId).toBe(updates.at(-1)?.details?.mobileUserId);
  });

  test("gives a page that opens midway the stages so far", async () => {
    const gateway = await start({ more: ["--stage-pace-ms", "0", "--t24-latency-ms", "600000"] });
    const early = await EventStream.open(gateway.url("/api/registrations/updates/stream?registrationId=42"));
    await gateway.validate(42);
    await early.updatesUntil((update) => update.stage === "t24_lookup");

    const late = await EventStream.open(gateway.url("/api/registrations/updates/stream?registrationId=42"));
    expect(await late.next()).toMatchObject({ type: "connected" });
    expect(await late.next()).toMatchObject({
      type: "snapshot",
      data: {
        registrationId: 42,
        status: "PENDING",
        stage: "t24_lookup",
        stages: [
          { stage: "duplicate_check", stageStatus: "completed" },
          { stage: "t24_lookup", stageStatus: "started" },
        ],
      },
    });
    expect((await gateway.validate(42)).status).toBe(409);
  });

  test("keeps its registrations across a restart, and ends a validation that a crash interrupted", async () => {
    const first = await start({ more: ["--stage-pace-ms", "0", "--t24-latency-ms", "600000"] });
    const stream = await EventStream.open(first.url("/api/registrations/updates/stream"));
    await first.validate(42);
    await stream.updatesUntil((update) => update.stage === "t24_lookup");
    await first.stop("SIGKILL");

    const second = await start({ database: first.database });
    const registration = await second.get<Registration>("/api/registrations/42");
    expect(registration).toMatchObject({ status: "FAILED", validating: false });
    expect(registration.processLog[0]).toMatchObject({ stage: "duplicate_check" });
    expect((await second.validate(42)).status).toBe(202);
  });

  test("pings at the configured interval", async () => {
    const gateway = await start({ more: [...fast, "--ping-interval-ms", "20"] });
    const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream"));
    expect(await stream.next()).toMatchObject({ type: "connected" });
    expect(await stream.next()).toMatchObject({ type: "ping", timestamp: expect.any(Number) });
    expect(await stream.next()).toMatchObject({ type: "ping" });
  });

  test("ends every stream and exits with 0 at SIGTERM", async () => {
    const gateway = await start();
    const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream"));
    expect(await stream.next()).toMatchObject({ type: "connected" });
    const exit = gateway.stop("SIGTERM");
    await expect(stream.nextUpdate()).rejects.toThrow();
    expect(await exit).toBe(0);
  });
});
