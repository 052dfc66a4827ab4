import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A false reply. */
export interface Lie {
  readonly what: string;
  /** Sent instead of one piece of Redis's replies. */
  readonly bytes: string;
  /** What follows: the truth, nothing and the end, or the same bytes for ever. */
  readonly then: "truth" | "end" | "forever";
}

/** A proxy between a client and a Redis that falsifies one piece of replies on each connection. */
export class LyingRedis {
  /** How many lies were told. */
  liesTold = 0;
  private lie: { readonly lie: Lie; readonly step: number } | undefined;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {
    server.on("connection", (client) => this.accept(client));
  }

  static async start(port: number): Promise<LyingRedis> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new LyingRedis(server, port);
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Closes current connections. New ones get the lie in place of their piece number `step`, from 0 on. */
  begin(lie: Lie, step: number): void {
    this.lie = { lie, step };
    this.endAll();
  }

  /** Tells the truth from now on, on new connections. */
  end(): void {
    this.lie = undefined;
    this.endAll();
  }

  stop(): void {
    this.endAll();
    this.server.close();
  }

  private endAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(client: Socket): void {
    const target = connect(this.port, "127.0.0.1");
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (chunk) => target.write(chunk));
    const { lie, step } = this.lie ?? {};
    let pieces = 0;
    target.on("data", (chunk) => {
      if (lie === undefined || pieces++ !== step) client.write(chunk);
      else this.sendLie(lie, client);
    });
  }

  private sendLie({ bytes, then }: Lie, client: Socket): void {
    ++this.liesTold;
    client.write(bytes, "latin1");
    if (then === "end") client.end();
    const goOn = (): void => {
      while (!client.destroyed && client.write(bytes, "latin1"));
    };
    if (then === "forever") {
      client.on("drain", goOn);
      goOn();
    }
  }
}
