import { describe, expect, it, vi } from "vitest";

import { createFetch, createNetwork, settle, settleBody } from "../fakes.js";
import { createTestStream } from "./test_stream.js";

const expiring = { type: "token_expiring", timestamp: 1, expiresInMs: 60_000 };

/** A stream with the tokens "token-1", "token-2", …, and everything that it has shown. */
async function connectStream(transport: "eventsource" | "fetch") {
  const fetches = createFetch();
  const network = createNetwork();
  let tokens = 0;
  const token = vi.fn((_isRefused: boolean): Promise<string | null> => Promise.resolve(`token-${++tokens}`));
  const created = createTestStream({ transport, token, fetch: fetches.fetch, eventSource: network.EventSource });
  const shown: string[] = [];
  created.stream.subscribe(() => {
    const { connection, isConnected } = created.stream.getSnapshot();
    shown.push(`${connection}: ${isConnected}`);
  });
  created.stream.connect();
  await settle();
  return { fetches, network, token, shown, ...created };
}

async function giveTicket(fetches: ReturnType<typeof createFetch>, ticket: string): Promise<void> {
  fetches.last.respond(200, { "Content-Type": "application/json" });
  fetches.last.send(JSON.stringify({ ticket, expiresInMs: 30_000 }));
  fetches.last.end();
  await settleBody();
}

describe("a stream whose token expires soon", () => {
  it("by EventSource gets another ticket before it is replaced, and stays connected", async () => {
    const { stream, fetches, network, token, shown, clock } = await connectStream("eventsource");
    await giveTicket(fetches, "first");
    network.last.accept();
    network.last.send({ type: "connected", timestamp: 1 }, "17-4");
    network.last.send(expiring, "17-4");
    shown.length = 0;

    clock.advance(30_000);
    await settle();
    expect(token.mock.calls).toEqual([[false], [true]]);
    expect(fetches.last.headers.get("Authorization")).toBe("Bearer token-2");
    expect(network.live).toBe(1);
    expect(stream.getSnapshot().connection).toBe("open");

    await giveTicket(fetches, "second");
    expect(network.sources).toHaveLength(2);
    expect(network.live).toBe(1);
    expect(network.last.url).toContain("lastEventId=17-4&ticket=second");
    network.last.accept();
    expect(stream.getSnapshot()).toMatchObject({ connection: "open", isConnected: true, connections: 1, error: null });
    expect(new Set(shown)).toEqual(new Set(["connecting: true", "open: true"]));
  });

  it("by fetch is replaced with its new token, and stays connected", async () => {
    const { stream, fetches, token, shown, clock } = await connectStream("fetch");
    fetches.last.accept();
    await settleBody();
    fetches.last.send(`id: 17-4\ndata: {"type":"connected","timestamp":1}\n\ndata: ${JSON.stringify(expiring)}\n\n`);
    await settleBody();
    shown.length = 0;
    for (let second = 0; second < 30 && fetches.requests.length === 1; ++second) {
      // Heartbeats, without which a stream by fetch counts as dead.
      fetches.last.send(":\n");
      await settleBody();
      clock.advance(1_000);
      await settle();
    }
    expect(token.mock.calls).toEqual([[false], [true]]);
    expect(fetches.last.headers.get("Authorization")).toBe("Bearer token-2");
    expect(fetches.last.headers.get("Last-Event-ID")).toBe("17-4");
    expect(fetches.live).toBe(1);
    fetches.last.accept();
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "open", isConnected: true, connections: 1 });
    expect(new Set(shown)).toEqual(new Set(["connecting: true", "open: true"]));
  });

  it.each([401, 403, 503])("continues while its ticket is refused with %i, and asks again", async (status) => {
    const { stream, fetches, network, clock } = await connectStream("eventsource");
    await giveTicket(fetches, "first");
    network.last.accept();
    network.last.send(expiring);
    clock.advance(30_000);
    await settle();
    fetches.last.respond(status);
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "open", isConnected: true, error: null });
    clock.advance(20_000);
    await settle();
    expect(fetches.requests).toHaveLength(3);
    await giveTicket(fetches, "second");
    expect(network.last.url).toContain("ticket=second");
  });

  it("drops the ticket for its renewal when the connection is lost", async () => {
    const { fetches, network, clock } = await connectStream("eventsource");
    await giveTicket(fetches, "first");
    network.last.accept();
    network.last.send(expiring);
    clock.advance(30_000);
    await settle();
    network.last.lose();
    expect(fetches.live).toBe(0);
    clock.advance(2_000);
    await settle();
    expect(fetches.requests).toHaveLength(3);
  });

  it("closes when nobody is signed in any longer", async () => {
    const { stream, fetches, network, token, clock } = await connectStream("eventsource");
    await giveTicket(fetches, "first");
    network.last.accept();
    network.last.send(expiring);
    token.mockImplementation(() => Promise.resolve(null));
    clock.advance(30_000);
    await settle();
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", reason: "token_denied", isConnected: false });
    expect(network.live).toBe(0);
  });
});
