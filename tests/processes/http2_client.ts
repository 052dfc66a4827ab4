import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";

/** What was answered to one request, as far as it has come. */
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

  /** Its body's text until `wanted` has been there `times` times, or fails at its end; each call goes on behind the last one. */
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

/** A client that speaks HTTP/2 over TLS, on one connection, and says that it takes gzip as browsers do. */
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

  /** How many requests the server takes at a time. */
  get streamsMax(): number | undefined {
    return this.session.remoteSettings.maxConcurrentStreams;
  }

  close(): void {
    this.session.destroy();
  }
}
