import { describe, expect, it, vi } from "vitest";

import { createFetch, settleBody } from "../fakes.js";
import type { Options } from "./pool_users.js";
import { createPage, idsOf, passFrame } from "./pool_users.js";

const { follow } = createPage();
const options: Options = { url: "https://bank.example/stream", transport: "fetch" };
const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

const idsIn = (url: string) => idsOf(url, "registrationId").map(Number);

/** A server that accepts streams without forbidden ids. */
function createServer(...forbidden: readonly number[]) {
  const fetches = createFetch();
  vi.stubGlobal("fetch", fetches.fetch);
  let answered = 0;
  return {
    fetches,
    /** The ids of each stream that is open now. */
    streams: () => fetches.requests.filter(({ isLive }) => isLive).map(({ url }) => idsIn(url)),
    allow(id: number): void {
      forbidden = forbidden.filter((one) => one !== id);
    },
    /** Answers until there are no more requests. */
    async serve(): Promise<void> {
      await passFrame(2_000);
      while (answered < fetches.requests.length) {
        for (const request of fetches.requests.slice(answered)) {
          answered += 1;
          if (idsIn(request.url).some((id) => forbidden.includes(id))) {
            request.respond(403);
          } else {
            request.accept();
          }
          await settleBody();
          // A stream that is silent for five seconds would be compared with a poll.
          if (request.isLive) {
            request.send(`data: {"type":"connected","timestamp":1}\n\n`);
            await settleBody();
          }
        }
        await passFrame(2_000);
      }
    },
  };
}

describe("an id that the user may not see", () => {
  it.each([[[13]], [[1]], [[3, 9]], [[1, 2, 3, 4]]])("does not disturb the others: %j", async (forbidden) => {
    const server = createServer(...forbidden);
    const rows = range(16).map((id) => follow({ ...options, id }));
    await server.serve();
    const allowed = range(16).filter((id) => !forbidden.includes(id));
    expect(server.streams().map((ids) => ids.sort((one, other) => one - other))).toEqual([allowed]);
    expect(rows.map(({ seen }) => seen.isConnected)).toEqual(range(16).map((id) => allowed.includes(id)));
    for (const id of forbidden) {
      expect(rows[id - 1]?.seen).toMatchObject({ connection: "closed", reason: "forbidden" });
      expect(rows[id - 1]?.seen.error?.kind).toBe("refused");
    }
  });

  it("does not disturb ids that were live before", async () => {
    const server = createServer(9);
    const rows = range(8).map((id) => follow({ ...options, id }));
    await server.serve();
    server.fetches.last.send(`data: {"type":"update","data":{"registrationId":8,"status":"OPEN","timestamp":1}}\n\n`);
    await settleBody();
    const view = rows[7]?.seen.view;
    expect(view).toMatchObject({ registrationId: 8 });
    const late = follow({ ...options, id: 9 });
    await server.serve();
    expect(late.seen).toMatchObject({ connection: "closed", reason: "forbidden" });
    expect(server.streams()).toEqual([range(8)]);
    expect(rows[7]?.seen.view).toBe(view);
    const more = follow({ ...options, id: 10 });
    await server.serve();
    expect(server.streams()).toEqual([[...range(8), 10]]);
    expect([more.seen.isConnected, late.seen.isConnected]).toEqual([true, false]);
  });

  it("is not requested again because of another id", async () => {
    const server = createServer(9);
    const bad = follow({ ...options, id: 9 });
    await server.serve();
    follow({ ...options, id: 1 });
    await server.serve();
    expect(server.fetches.requests).toHaveLength(2);
    expect(server.streams()).toEqual([[1]]);
    expect(bad.seen).toMatchObject({ connection: "closed", reason: "forbidden" });
  });

  it("is followed with the others once the user may see it", async () => {
    const server = createServer(2);
    const [, two] = [1, 2, 3].map((id) => follow({ ...options, id }));
    await server.serve();
    expect(server.streams()).toHaveLength(1);
    server.allow(2);
    two?.connect();
    await server.serve();
    expect(server.streams().map((ids) => ids.sort())).toEqual([[1, 2, 3]]);
    expect(two?.seen).toMatchObject({ isConnected: true, error: null });
  });
});
