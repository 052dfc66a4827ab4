import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { FaultProxy } from "../processes/fault_proxy.ts";

/** What a socket has received, and how it ended. */
class Ear {
  text = "";
  ending: "end" | "error" | null = null;
  private wake = (): void => undefined;

  constructor(readonly socket: Socket) {
    socket.on("data", (chunk: Buffer) => this.change(() => (this.text += chunk.toString("latin1"))));
    socket.on("end", () => this.change(() => (this.ending ??= "end")));
    socket.on("error", () => this.change(() => (this.ending ??= "error")));
  }

  async until(isSo: (ear: Ear) => boolean): Promise<void> {
    while (!isSo(this)) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  private change(work: () => void): void {
    work();
    this.wake();
  }
}

describe("the fault proxy", () => {
  let server: Server;
  let proxy: FaultProxy;
  let accepted: Ear[];
  let arrived: (ear: Ear) => void;
  beforeEach(async () => {
    accepted = [];
    server = createServer({ allowHalfOpen: true }, (socket) => {
      const ear = new Ear(socket);
      accepted.push(ear);
      arrived(ear);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    proxy = await FaultProxy.start((server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    for (const { socket } of accepted) socket.destroy();
    await proxy.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Opens a connection through the proxy and returns both ends. */
  async function open(): Promise<{ client: Ear; target: Ear }> {
    const accepting = new Promise<Ear>((resolve) => (arrived = resolve));
    const client = new Ear(connect({ port: proxy.port, host: "127.0.0.1" }));
    return { client, target: await accepting };
  }

  test("passes bytes both ways, and each side's end", async () => {
    const { client, target } = await open();
    client.socket.write("question");
    await target.until(({ text }) => text === "question");
    target.socket.end("answer");
    await client.until(({ ending }) => ending !== null);
    expect([client.text, client.ending]).toEqual(["answer", "end"]);
    client.socket.end();
    await target.until(({ ending }) => ending === "end");
  });

  test.each([
    ["after so many bytes, by an end", 4, false, "abcdefg", "end"],
    // If a reset follows bytes closely, Node takes it for an end.
    ["at once, by a reset", 0, true, "abc", "error"],
  ])("cuts %s", async (_how, afterBytes, isAbrupt, text, ending) => {
    const { client, target } = await open();
    target.socket.write("abc");
    await client.until((ear) => ear.text === "abc");
    proxy.cut(() => ({ afterBytes, isAbrupt }));
    target.socket.write("defghij");
    await client.until((ear) => ear.ending !== null);
    expect([client.text, client.ending, proxy.cuts]).toEqual([text, ending, 1]);
    await target.until((ear) => ear.ending !== null);
  });

  test("cuts new connections while it cuts, and none once it is healed", async () => {
    proxy.cut(() => ({ afterBytes: 0, isAbrupt: true }));
    const cut = new Ear(connect({ port: proxy.port, host: "127.0.0.1" }));
    arrived = () => undefined;
    await cut.until(({ ending }) => ending === "error");
    proxy.heal();
    const { client, target } = await open();
    target.socket.write("whole");
    await client.until(({ text }) => text === "whole");
  });

  test("holds everything back, and then passes it", async () => {
    const { client, target } = await open();
    proxy.stall();
    target.socket.write("late");
    const other = await open();
    other.client.socket.write("later");
    // A connection without the proxy shows that bytes had time to arrive.
    const direct = new Promise<Ear>((resolve) => (arrived = resolve));
    connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" }).end("x");
    await (await direct).until(({ text }) => text === "x");
    expect([client.text, other.target.text]).toEqual(["", ""]);
    proxy.heal();
    await client.until(({ text }) => text === "late");
    await other.target.until(({ text }) => text === "later");
  });

  test("leaves connections half-open: neither side learns of the other again, not even of its end", async () => {
    const { client, target } = await open();
    proxy.swallow();
    proxy.heal();
    target.socket.end("lost");
    const { client: newer, target: newerTarget } = await open();
    newerTarget.socket.write("heard");
    await newer.until(({ text }) => text === "heard");
    expect([client.text, client.ending, proxy.halfOpen, proxy.swallowed]).toEqual(["", null, 1, 1]);
    client.socket.destroy();
    await target.until(({ ending }) => ending !== null);
    expect(proxy.halfOpen).toBe(0);
  });
});
