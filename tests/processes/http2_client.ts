import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";

/** The answer to one request, as it arrives. */
export class Http2Answer {
  private constructor(
    private readonly stream: ClientHttp2Stream,
    readonly head: IncomingHttpHeaders & IncomingHttpStatusHeader,
  ) {
    stream.setEncoding("utf8");
  }

  static async of(stream: ClientHttp2Stream): Promise<Http2Answer> {
    const head = await new Promise<IncomingHttpHeaders & IncomingHttpStatusHeader>((resolve, reject) => {
      stream.once("response", resolve);
      stream.once("error", reject);
    });
    return new Http2Answer(stream, head);
  }

  /**
   * Reads the body until `wanted` has occurred `times` times; fails if the body ends first. Each call continues where
   * the last one stopped.
   */
  async textUntil(wanted: string, times = 1): Promise<string> {
    let text = "";
    for await (const piece of this.stream.iterator({ destroyOnReturn: false })) {
      text += String(piece);
      if (text.split(wanted).length > times) return text;
    }
    throw new Error(`ended without ${wanted}:\n${text}`);
  }

  async text(): Promise<string> {
    let text = "";
    for await (const piece of this.stream) text += String(piece);
    return text;
  }

  close(): void {
    this.stream.close();
  }
}

/** An HTTP/2 client over TLS, on one connection, that accepts gzip as browsers do. */
export class Http2Client {
  private constructor(
    private readonly session: ClientHttp2Session,
    private readonly authority: string,
  ) {}

  static async connect(port: number, host: string, ca: string): Promise<Http2Client> {
    const session = connect(`https://127.0.0.1:${port}`, { ca, servername: host, ALPNProtocols: ["h2"] });
    session.on("error", () => undefined);
    await new Promise<void>((resolve, reject) => {
      session.once("connect", () => resolve());
      session.once("error", reject);
    });
    return new Http2Client(session, `${host}:${port}`);
  }

  request(path: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<Http2Answer> {
    const stream = this.session.request({
      ":method": method,
      ":path": path,
      ":authority": this.authority,
      "accept-encoding": "gzip, deflate, br",
      ...headers,
    });
    stream.end();
    return Http2Answer.of(stream);
  }

  /** How many concurrent requests the server allows. */
  get streamsMax(): number | undefined {
    return this.session.remoteSettings.maxConcurrentStreams;
  }

  close(): void {
    this.session.destroy();
  }
}
