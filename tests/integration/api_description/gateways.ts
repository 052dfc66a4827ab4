// The gateways that the described requests are sent to, each as openapi.yaml's first lines name it.
import { freePort } from "../../processes/child.ts";
import { EventStream } from "../../processes/event_stream.ts";
import { Gateway } from "../../processes/gateway.ts";
import { bearer, now, TokenKey } from "../../processes/tokens.ts";
import type { DescribedRequest, Operation } from "./description.ts";

const stream = "/api/registrations/updates/stream";
const json = { "Content-Type": "application/json" };
// A validation that is started is still under way when the next request comes.
const slow = ["--t24-latency-ms", "600000", "--job-interval-ms", "3600000"];

export class DescribedGateways {
  private readonly opened: EventStream[] = [];

  private constructor(
    private readonly gateways: Readonly<Record<NonNullable<DescribedRequest["gateway"]>, Gateway>>,
    private readonly key: TokenKey,
  ) {}

  static async start(): Promise<DescribedGateways> {
    const key = TokenKey.make("HS256");
    const guards = [
      "--token-secret",
      key.file(),
      "--token-leeway-s",
      "0",
      "--streams-per-token",
      "1",
      "--publish-rate",
      "1",
    ];
    const open = await Gateway.start({ more: [...slow, "--ping-interval-ms", "100"] });
    const guarded = await Gateway.start({ more: [...slow, ...guards] });
    const away = await Gateway.start({ hasDemo: false, redis: `127.0.0.1:${await freePort()}` });
    const full = await Gateway.start({ hasDemo: false, more: ["--streams-max", "1"] });
    const gateways = new DescribedGateways({ open, guarded, away, full }, key);
    await gateways.hold("full", {});
    // What the described streams are about.
    await gateways.publish(42, { stage: "t24_lookup", message: "Found 5 accounts" });
    await gateways.publish(43, { status: "APPROVED", message: "Customer validated successfully" });
    return gateways;
  }

  async stop(): Promise<void> {
    for (const one of this.opened) one.close();
    for (const gateway of Object.values(this.gateways)) await gateway.stop("SIGKILL");
  }

  url(path: string, of: DescribedRequest["gateway"] = "open"): string {
    return this.gateways[of].url(path);
  }

  /** To the open gateway. */
  async publish(id: number, update: object): Promise<void> {
    const response = await fetch(this.url(`/api/registrations/${id}/updates`), {
      method: "POST",
      headers: json,
      body: JSON.stringify(update),
    });
    if (response.status !== 201) throw new Error(`publishing: ${response.status} ${await response.text()}`);
  }

  /** Opens a stream that stays open to the end. */
  private async hold(of: DescribedRequest["gateway"], headers: Readonly<Record<string, string>>): Promise<void> {
    this.opened.push(await EventStream.open(this.url(`${stream}?registrationId=42`, of), headers));
  }

  private credentials({ token }: DescribedRequest): Record<string, string> {
    if (token === undefined) return {};
    const { expiresInSeconds, streamsBefore: _, sub, ...rights } = token;
    const claims = {
      ...(sub === undefined ? {} : { sub }),
      ...(expiresInSeconds === undefined ? {} : { exp: now() + expiresInSeconds }),
    };
    return bearer(this.key.token(rights, claims));
  }

  /** The body's text, and its type; nothing where the request has none. */
  private static body(request: DescribedRequest, operation: Operation): { text: string; type: string } | null {
    if (request.body === undefined) return null;
    for (const [type, { examples }] of Object.entries(operation.bodies)) {
      const value = examples?.[request.body]?.value;
      if (value !== undefined) return { text: typeof value === "string" ? value : JSON.stringify(value), type };
    }
    return { text: request.body.replace("{mebibyte}", "x".repeat(2 ** 20)), type: "application/json" };
  }

  async send(operation: Operation, request: DescribedRequest): Promise<Response> {
    const query = new URLSearchParams();
    for (const [name, values] of Object.entries(request.query ?? {})) {
      for (const value of Array.isArray(values) ? values : [values]) query.append(name, String(value));
    }
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => String(request.path?.[name]));
    const url = this.url(query.size === 0 ? path : `${path}?${query}`, request.gateway);
    const body = DescribedGateways.body(request, operation);
    const headers = {
      ...this.credentials(request),
      ...(body === null ? {} : { "Content-Type": body.type }),
      ...request.headers,
    };
    for (let streams = request.token?.streamsBefore ?? 0; streams > 0; streams -= 1)
      await this.hold(request.gateway, headers);
    const ask = (): Promise<Response> =>
      fetch(url, { method: operation.method, headers, ...(body === null ? {} : { body: body.text }) });
    let response = await ask();
    if (request.twice === true) {
      await response.body?.cancel();
      response = await ask();
    }
    while (request.untilStatus === true && response.status !== request.status && response.status < 400) {
      await response.body?.cancel();
      response = await ask();
    }
    return response;
  }
}
