import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";

import { afterEach, describe, expect, test } from "vitest";

import type { Child } from "../processes/child.ts";
import { regstream } from "../processes/gateway.ts";
import { Mock, shipped } from "../processes/mock.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

let mock: Mock | undefined;
afterEach(async () => {
  const playing = mock;
  mock = undefined;
  if (playing !== undefined) expect(await playing.stop()).toBe(0);
});

async function play(scenario: string, ...options: string[]): Promise<Mock> {
  mock = await Mock.start(scenario, ...options);
  return mock;
}

function write(scenario: unknown): string {
  const path = join(temporaryFolder(), "scenario.json");
  writeFileSync(path, typeof scenario === "string" ? scenario : JSON.stringify(scenario));
  return path;
}

function listen(url: string, ...options: string[]): Child {
  return regstream(["listen", "--url", url, "--initial-delay-ms", "10", ...options]);
}

/** A listener's output: "open" for a state, and an event's type or an update's message. */
function story(listener: Child): string[] {
  return listener.log
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { kind?: string; state?: string; reason?: string; data?: string })
    .filter(({ kind, state }) => kind === undefined || (kind === "state" && state !== "connecting"))
    .map(({ kind, state, reason, data }) => {
      if (kind === "state") return state === "open" ? "open" : `${state}: ${reason}`;
      const message = JSON.parse(data ?? "") as { type: string; data?: { message?: string } };
      return message.type === "update" ? (message.data?.message ?? "") : message.type;
    })
    .filter((entry) => entry !== "ping");
}

const checking = "Checking for duplicates";
const unique = "No duplicate";
const approved = "Customer validated successfully";
const isApproved = /APPROVED/;

/** Listens until the scenario's last update has come. */
async function storyOf(url: string, ...options: string[]): Promise<string[]> {
  const listener = listen(url, ...options);
  await listener.untilOutput(isApproved);
  const lines = story(listener);
  expect(await listener.stop()).toBe(0);
  return lines;
}

describe("each shipped scenario shows its trouble and the client's reaction", () => {
  test("every scenario has a test", () => {
    // held_back is tested with the network that it shows: held_back.test.ts.
    const names = readdirSync(dirname(shipped("deploy"))).map((name) => basename(name, ".json"));
    expect(names.sort()).toEqual([
      ...[
        "buffering_proxy",
        "compressed_stream",
        "deploy",
        "expired_token",
        "half_open",
        "held_back",
        "herd_after_outage",
        "malformed_frames",
      ],
      ...["oversized_event", "redirects", "sleeping_phone", "stale_cursor", "too_many_requests"],
    ]);
  });

  test("buffering_proxy: the client notices the silence, and takes the burst in order", async () => {
    const server = await play(shipped("buffering_proxy"));
    expect(await storyOf(server.url(), "--read-timeout-ms", "2000")).toEqual([
      ...["open", "waiting: silent"],
      ...["open", "connected", checking, unique, "waiting: ended"],
      ...["open", "connected", approved],
    ]);
    expect((await server.requests()).map(({ lastEventId, bodyBytes }) => [lastEventId, bodyBytes > 0])).toEqual([
      [null, false],
      [null, true],
      ["1702492000000-2", true],
    ]);
  });

  test("sleeping_phone: the client resumes after what it saw last", async () => {
    const server = await play(shipped("sleeping_phone"));
    expect(await storyOf(server.url())).toEqual([
      "open",
      "connected",
      checking,
      "waiting: network_failed",
      "open",
      "connected",
      unique,
      approved,
    ]);
    expect((await server.requests()).map(({ lastEventId, answeredBy }) => [lastEventId, answeredBy])).toEqual([
      [null, "connections[0]"],
      ["1702492000000-1", "connections[1]"],
    ]);
  });

  test("expired_token: 401 is final without a new token, and a new one is taken", async () => {
    const server = await play(shipped("expired_token"));
    const refused = listen(server.url(), "--header", "Authorization: Bearer expired");
    expect(await refused.exited).toBe(1);
    expect(story(refused)).toEqual(["open", "connected", checking, "waiting: ended", "closed: unauthorized"]);
    expect(await storyOf(server.url(), "--header", "Authorization: Bearer fresh")).toEqual([
      "open",
      "connected",
      approved,
    ]);
    const recorded = await server.requests();
    expect(recorded.map(({ status }) => status)).toEqual([200, 401, 200]);
    expect(JSON.stringify(recorded)).not.toMatch(/Bearer/);
    expect(recorded[0]?.headers).toContainEqual(["Authorization", "(redacted)"]);
  });

  test("deploy: the client returns through a reset and a 503, no sooner than the server asks", async () => {
    const server = await play(shipped("deploy"));
    expect(await storyOf(server.url())).toEqual([
      ...["open", "connected", checking, "waiting: ended", "waiting: network_failed", "waiting: refused"],
      ...["open", "connected", approved],
    ]);
    const recorded = await server.requests();
    expect(recorded.map(({ status, lastEventId }) => [status, lastEventId])).toEqual([
      [200, null],
      [null, "1702492000000-1"],
      [503, "1702492000000-1"],
      [200, "1702492000000-1"],
    ]);
    expect(waitBetween(recorded[2], recorded[3])).toBeGreaterThanOrEqual(1000);
  });

  test("herd_after_outage: every client of the herd gets its stream in the end", async () => {
    const server = await play(shipped("herd_after_outage"));
    const herd = [1, 2, 3].map(() => listen(server.url()));
    await Promise.all(herd.map((listener) => listener.untilOutput(isApproved)));
    expect(await Promise.all(herd.map((listener) => listener.stop()))).toEqual([0, 0, 0]);
    const recorded = await server.requests();
    expect(recorded.map(({ status }) => status)).toEqual([null, null, null, null, 503, 503, 200, 200, 200]);
  });

  // The heartbeat announces how long to wait: by the pings alone the client would wait 75 s.
  test("half_open: a heartbeat that stops ends the stream, and nothing is lost", async () => {
    const server = await play(shipped("half_open"));
    expect(await storyOf(server.url())).toEqual([
      ...["open", "connected", checking, "waiting: silent"],
      ...["open", "connected", approved],
    ]);
    expect((await server.requests())[0]).toMatchObject({ ending: "by_client" });
  });

  test("stale_cursor: reset, snapshot, and a valid cursor again", async () => {
    const server = await play(shipped("stale_cursor"));
    expect(await storyOf(server.url())).toEqual([
      ...["open", "connected", "waiting: ended"],
      ...["open", "connected", "reset", "snapshot", "waiting: ended"],
      ...["open", "connected", approved],
    ]);
    expect((await server.requests()).map(({ lastEventId }) => lastEventId)).toEqual([
      null,
      "1600000000000-7",
      "1702492000000-4",
    ]);
  });

  test("malformed_frames: complete events arrive, incomplete ones are dropped, and 204 ends it", async () => {
    const server = await play(shipped("malformed_frames"));
    const listener = listen(server.url());
    expect(await listener.exited).toBe(0);
    const lines = listener.log.split("\n").filter((line) => line.startsWith("{"));
    const printed = lines.map(
      (line) => JSON.parse(line) as { data?: string; lastEventId?: string; reason?: string; retry?: number },
    );
    expect(printed.flatMap(({ data }) => data ?? [])).toEqual([
      ...["after a byte order mark", "carriage\nreturns", "é", "not UTF-8: \ufffd", '{"broken": '],
    ]);
    expect(printed.flatMap(({ retry }) => retry ?? [])).toEqual([50]);
    expect(printed.flatMap(({ lastEventId }) => lastEventId ?? []).every((id) => id === "")).toBe(true);
    expect(printed.at(-1)).toMatchObject({ reason: "told_to_stop" });
  });

  test("oversized_event: the client skips it, says so, and resumes behind it", async () => {
    const server = await play(shipped("oversized_event"));
    const listener = listen(server.url());
    await listener.untilOutput(isApproved);
    expect(await listener.stop()).toBe(0);
    const skipped =
      '\\{"kind":"skipped","reason":"line_too_long","bytes":5242\\d\\d\\d,"lastEventId":"1702492000000-2"\\}';
    expect(listener.log).toMatch(new RegExp(`Checking for duplicates.*\n${skipped}\n`));
    expect((await server.requests()).map(({ lastEventId }) => lastEventId)).toEqual([null, "1702492000000-2"]);
  });

  test("compressed_stream: the client names the coding that it can't read, and stops", async () => {
    const server = await play(shipped("compressed_stream"));
    const listener = listen(server.url());
    expect(await listener.exited).toBe(1);
    expect(story(listener)).toEqual(["closed: wrong_content_coding"]);
    expect(listener.log).toContain('the coding \\"gzip\\"');
    expect((await server.requests())[0]?.headers).toContainEqual(["Accept-Encoding", "identity"]);
  });

  test("redirects: the client follows them, and fails for good at a loop and at a sign-in page", async () => {
    const server = await play(shipped("redirects"));
    expect(await storyOf(server.url("/stream"))).toEqual(["open", "connected", approved]);
    expect((await server.requests()).map(({ target }) => target)).toEqual([
      "/stream",
      "/moved",
      "/here?registrationId=42",
    ]);
    for (const [path, reason] of [
      ["/loop", "redirect_failed"],
      ["/portal", "wrong_content_type"],
    ] as const) {
      const listener = listen(server.url(path));
      expect(await listener.exited).toBe(1);
      expect(story(listener)).toEqual([`closed: ${reason}`]);
    }
  });

  test("too_many_requests: the client waits as long as Retry-After says", async () => {
    const server = await play(shipped("too_many_requests"));
    expect(await storyOf(server.url())).toEqual(["waiting: refused", "open", "connected", approved]);
    const recorded = await server.requests();
    expect(recorded.map(({ status }) => status)).toEqual([429, 200]);
    expect(waitBetween(recorded[0], recorded[1])).toBeGreaterThanOrEqual(1000);
  });
});

/** By the mock's clock, so that a busy machine can't make it look shorter. */
function waitBetween(one: { at: number } | undefined, other: { at: number } | undefined): number {
  return (other?.at ?? NaN) - (one?.at ?? NaN);
}

/** Reads a stream without a client. */
class Reader {
  private text = "";
  private constructor(
    private readonly stream: ReadableStreamDefaultReader<string>,
    readonly response: Response,
  ) {}

  static async open(url: string, init: RequestInit = {}): Promise<Reader> {
    const response = await fetch(url, init);
    if (response.body === null) throw new Error("no body");
    return new Reader(response.body.pipeThrough(new TextDecoderStream()).getReader(), response);
  }

  /** Everything up to and including the mark, or to the end. */
  async until(mark: string): Promise<string> {
    for (;;) {
      const found = this.text.indexOf(mark);
      const { value, done } = found < 0 ? await this.stream.read() : { value: "", done: false };
      if (found >= 0 || done) {
        const end = found < 0 ? this.text.length : found + mark.length;
        const text = this.text.slice(0, end);
        this.text = this.text.slice(end);
        return text;
      }
      this.text += value;
    }
  }

  async end(): Promise<string> {
    return this.until("\0");
  }
}

describe("virtual time", () => {
  test("stands still until it is advanced, and plays the same bytes in every run", async () => {
    const scenario = write({
      connections: [
        { steps: [{ pings: "30s" }, { after: "1h", update: { registrationId: 42, status: "FAILED" } }, { end: true }] },
      ],
    });
    const bodies: string[] = [];
    for (let run = 0; run < 2; ++run) {
      const server = await Mock.start(scenario, "--virtual-time");
      const stream = await Reader.open(server.url());
      expect(await (await server.post("time", { advance: "30s" })).json()).toEqual({ now: 30_000 });
      expect(await stream.until("\n\n")).toBe('data: {"type":"ping","timestamp":1702493030000}\n\n');
      await server.post("time", { advance: "59m" });
      await server.post("time", { advance: "1m" });
      bodies.push(await stream.end());
      expect(await server.requests()).toMatchObject([{ at: 0, ending: "ended", endedAt: 3_600_000 }]);
      expect(await server.stop()).toBe(0);
    }
    expect(bodies[0]).toMatch(/FAILED/);
    expect(bodies[0]?.match(/"ping"/g)).toHaveLength(118);
    expect(bodies[1]).toBe(bodies[0]);
  });

  test("can't be advanced in real time, and does not go back", async () => {
    const server = await play(write({ connections: [] }));
    expect((await server.post("time", { advance: "30s" })).status).toBe(409);
    expect((await server.post("time", { advance: "-30s" })).status).toBe(400);
  });
});

describe("the control API", () => {
  test("sends to all or one, cuts, and records how each connection ended", async () => {
    // Node's fetch takes an aborted body for a complete one if the head says "Connection: close".
    const answer = { framing: "chunked", headers: { Connection: "keep-alive" } };
    const server = await play(write({ connections: [{ answer, steps: [{ comment: "hello" }] }] }));
    const one = await Reader.open(server.url("/one?lastEventId=7"), { method: "POST", body: "asked" });
    const two = await Reader.open(server.url("/two"), { headers: { "Last-Event-ID": "8", Cookie: "session=secret" } });
    await one.until(":hello\n");
    await two.until(":hello\n");
    expect(await (await server.post("send", { event: { data: "to all" } })).json()).toEqual({ streams: 2 });
    expect(await (await server.post("send", { connection: 2, raw: "data: to two\n\n" })).json()).toEqual({
      streams: 1,
    });
    expect(await one.until("to all\n\n")).toContain("data: to all");
    expect(await two.until("to two\n\n")).toMatch(/to all[^]*to two/);

    expect(await (await server.post("cut", { connection: 1, reset: true })).json()).toEqual({ streams: 1 });
    await expect(one.end()).rejects.toThrow();
    expect(await (await server.post("cut")).json()).toEqual({ streams: 1 });
    await expect(two.end()).rejects.toThrow();
    const recorded = await server.requests();
    expect(recorded).toMatchObject([
      { method: "POST", target: "/one?lastEventId=7", lastEventId: "7", status: 200, ending: "reset" },
      { method: "GET", target: "/two", lastEventId: "8", status: 200, ending: "cut" },
    ]);
    expect(JSON.stringify(recorded)).not.toContain("secret");

    expect((await fetch(server.url("/mock/requests"), { method: "DELETE" })).status).toBe(204);
    expect(await server.requests()).toEqual([]);
  });

  test("scripts the next answers, and restarts the scenario", async () => {
    const server = await play(write({ connections: [{ times: 1, steps: [] }], default: { answer: { status: 410 } } }));
    const status = async (): Promise<number> => (await fetch(server.url())).status;
    expect((await server.post("answer", { status: 503, headers: { "Retry-After": "1" }, times: 2 })).status).toBe(204);
    expect([await status(), await status()]).toEqual([503, 503]);
    const stream = await Reader.open(server.url());
    expect(await status()).toBe(410);
    expect((await server.post("restart")).status).toBe(204);
    expect(await stream.end()).toBe("");
    expect(await status()).toBe(200);
    expect((await server.requests()).map(({ answeredBy }) => answeredBy)).toEqual([
      "/mock/answer",
      "/mock/answer",
      "connections[0]",
      "default",
      "connections[0]",
    ]);
  });

  test("waits for requests, and answers pending calls when it ends", async () => {
    const server = await play(write({ connections: [] }));
    const waits = server.requests(2);
    await fetch(server.url("/one"));
    await fetch(server.url("/two"));
    expect((await waits).map(({ target }) => target)).toEqual(["/one", "/two"]);
  });

  test.each([
    ["send", { comment: 7 }, 400, /^comment must be a string/],
    ["send", {}, 400, /sends nothing/],
    ["cut", { connection: 0 }, 400, /^connection must be a whole number/],
    ["answer", { status: 99 }, 400, /^status must be a whole number from 200/],
    ["time", {}, 400, /needs "advance"/],
    ["dance", {}, 404, /control API/],
  ])("says what is wrong with a command: %s %j", async (command, body, status, detail) => {
    const server = await play(write({ connections: [] }));
    const response = await server.post(command, body);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { detail: string }).detail).toMatch(detail);
  });

  test("drops a client that does not read", async () => {
    const server = await play(write({ connections: [{ steps: [] }] }));
    const socket = connect(Number(new URL(server.base).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    socket.pause();
    await server.requests(1);
    // More than the kernel's buffers and the mock's own bound hold.
    const raw = "x".repeat(1_000_000);
    let streams = 1;
    for (let sent = 0; streams > 0 && sent < 100; ++sent) {
      streams = ((await (await server.post("send", { raw })).json()) as { streams: number }).streams;
    }
    expect(await server.requests()).toMatchObject([{ ending: "too_slow" }]);
    socket.destroy();
  });
});

describe("a scenario that is wrong", () => {
  const refused = async (path: string): Promise<string> => {
    const child = regstream(["mock", "--scenario", path, "--port", "0"]);
    expect(await child.exited).toBe(2);
    expect(child.log.trim().split("\n")).toHaveLength(1);
    return child.log;
  };

  test("is named with its file, line and field", async () => {
    const path = write(
      '{\n  "connections": [\n    { "steps": [\n      { "after": "2 sec", "end": true }\n    ] }\n  ]\n}\n',
    );
    expect(await refused(path)).toContain(`${path}:4: connections[0].steps[0].after: must be a duration`);
  });

  test("is named with its file and line if it is not JSON", async () => {
    const path = write('{\n  "connections": [\n    { "steps": }\n  ]\n}\n');
    expect(await refused(path)).toContain(`${path}:3: connections[0].steps: is no valid JSON`);
  });

  test("is too long, or missing", async () => {
    expect(await refused(write(" ".repeat(1_100_000)))).toMatch(/longer than 1048576 bytes/);
    expect(await refused(join(temporaryFolder(), "none.json"))).toMatch(/can't read .*none\.json: No such file/);
    expect(await refused(temporaryFolder())).toMatch(/can't read/);
  });

  test("can be found without playing it, and the manual's example has no mistake", async () => {
    const manual = readFileSync(join(dirname(shipped("deploy")), "../README.md"), "utf8");
    const example = manual.match(/```json\n([^]*?)```/)?.[1] ?? "";
    const right = regstream(["mock", "--scenario", write(example), "--check"]);
    expect(await right.exited).toBe(0);
    expect(right.log).toBe("");
    const wrong = regstream(["mock", "--scenario", write(example.replace("times", "time")), "--check"]);
    expect(await wrong.exited).toBe(2);
    expect(wrong.log).toContain("connections[0].time: is not known here");
  });
});
