import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

/** Where to cut a connection: after this many more bytes, both directions together. */
export interface Cut {
  readonly afterBytes: number;
  /** True: by a reset, as in a crash. False: by an orderly end, in the middle of the data. */
  readonly isAbrupt: boolean;
}

/**
 * A TCP proxy that simulates network trouble: connections that are cut at any byte, that stall, or that are silently
 * dead. One trouble at a time; `heal` ends it, but does not restore what was swallowed or cut.
 */
export class FaultProxy {
  /** Connections that were cut, and that were swallowed, since the start. */
  cuts = 0;
  swallowed = 0;
  private readonly links = new Set<Link>();
  private trouble: "none" | "cut" | "stall" | "swallow" = "none";
  private nextCut: () => Cut = () => ({ afterBytes: 0, isAbrupt: true });

  private constructor(
    private readonly server: Server,
    private targetPort: number,
  ) {
    server.on("connection", (client) => this.accept(client));
  }

  /** Starts on a free port, in front of a port of this machine. */
  static async start(targetPort: number): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FaultProxy(server, targetPort);
  }

  /** Sends new connections to another port, as when another server takes over a name. */
  redirect(targetPort: number): void {
    this.targetPort = targetPort;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Cuts every current and new connection, each where `nextCut` says. */
  cut(nextCut: () => Cut): void {
    this.trouble = "cut";
    this.nextCut = nextCut;
    for (const link of this.links) link.cutAt(nextCut());
  }

  /** Holds everything back until `heal`, which then lets it pass. */
  stall(): void {
    this.trouble = "stall";
    for (const link of this.links) link.stall();
  }

  /**
   * Makes every connection half-open from now on, and new ones until `heal`: data is lost, and neither side notices.
   */
  swallow(): void {
    this.trouble = "swallow";
    for (const link of this.links) this.swallowOne(link);
  }

  heal(): void {
    if (this.trouble === "stall") for (const link of this.links) link.resume();
    if (this.trouble === "cut") for (const link of this.links) link.cutAt(undefined);
    this.trouble = "none";
  }

  /** The number of half-open connections that no client has given up yet. */
  get halfOpen(): number {
    return [...this.links].filter(({ isSwallowed }) => isSwallowed).length;
  }

  async stop(): Promise<void> {
    for (const link of this.links) link.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: Socket): void {
    const link = new Link(client, connect({ port: this.targetPort, host: "127.0.0.1", allowHalfOpen: true }), {
      onCut: () => (this.cuts += 1),
      onGone: () => this.links.delete(link),
    });
    this.links.add(link);
    if (this.trouble === "cut") link.cutAt(this.nextCut());
    if (this.trouble === "stall") link.stall();
    if (this.trouble === "swallow") this.swallowOne(link);
  }

  private swallowOne(link: Link): void {
    if (!link.isSwallowed) this.swallowed += 1;
    link.isSwallowed = true;
  }
}

/** One connection through the proxy: two sockets. */
class Link {
  isSwallowed = false;
  private isCut = false;
  private isStalled = false;
  private cutting: Cut | undefined;
  private passed = 0;

  constructor(
    private readonly client: Socket,
    private readonly target: Socket,
    private readonly owner: { onCut(): void; onGone(): void },
  ) {
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      from.setNoDelay(true);
      from.on("data", (chunk: Buffer) => this.pass(from, to, chunk));
      from.on("end", () => {
        if (!this.isSilent) to.end();
      });
      from.on("drain", () => {
        if (!this.isStalled) to.resume();
      });
      from.on("error", () => {
        if (!this.isSilent) reset(to);
      });
      from.on("close", () => this.onClosed());
    }
    // Only when the client gives up a half-open connection does the other side learn of it.
    client.on("end", () => this.isSwallowed && this.destroy());
    client.on("error", () => this.isSwallowed && this.destroy());
  }

  /** Neither side learns anything of the other any more. */
  private get isSilent(): boolean {
    return this.isSwallowed || this.isCut;
  }

  cutAt(cut: Cut | undefined): void {
    this.passed = 0;
    this.cutting = cut;
    if (cut?.afterBytes === 0) this.cutNow(cut);
  }

  stall(): void {
    this.isStalled = true;
    this.client.pause();
    this.target.pause();
  }

  resume(): void {
    this.isStalled = false;
    this.client.resume();
    this.target.resume();
  }

  destroy(): void {
    this.client.destroy();
    this.target.destroy();
  }

  private pass(from: Socket, to: Socket, chunk: Buffer): void {
    if (this.isSilent || to.destroyed || to.writableEnded) return;
    const cut = this.cutting;
    if (cut !== undefined && this.passed + chunk.length >= cut.afterBytes) {
      to.write(chunk.subarray(0, cut.afterBytes - this.passed), () => this.cutNow(cut));
      this.isCut = true; // Not a byte more.
      return;
    }
    this.passed += chunk.length;
    if (!to.write(chunk)) from.pause();
  }

  private cutNow({ isAbrupt }: Cut): void {
    this.isCut = true;
    this.owner.onCut();
    for (const socket of [this.client, this.target]) {
      if (isAbrupt) reset(socket);
      else socket.destroySoon();
    }
  }

  private onClosed(): void {
    if (this.client.destroyed && this.target.destroyed) this.owner.onGone();
    // The client of a half-open connection does not learn of the other side's end.
    else if (!this.isSilent) this.afterOneClosed();
  }

  /** Pending data of the other socket goes out first. */
  private afterOneClosed(): void {
    for (const socket of [this.client, this.target])
      if (!socket.destroyed && socket.writableEnded) socket.destroySoon();
  }
}

function reset(socket: Socket): void {
  // Node's own `resetAndDestroy` sends an orderly end first. This is what it does next.
  if (!socket.connecting) Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}
