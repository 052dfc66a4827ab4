import { createServer, request, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";

// What a site can do without a preflight. Each of these functions sends one POST from the site's page.
const attacks = {
  "a form": (url: string): void => {
    const form = document.body.appendChild(document.createElement("form"));
    form.method = "post";
    form.action = url;
    form.enctype = "text/plain";
    form.submit();
  },
  "a form of a frame without an origin": (url: string): void => {
    const frame = document.createElement("iframe");
    frame.sandbox.add("allow-forms", "allow-scripts");
    frame.srcdoc = `<form method="post" action="${url}"></form><script>document.forms[0].submit()</script>`;
    document.body.append(frame);
  },
  "a beacon": (url: string): void => {
    navigator.sendBeacon(url, "{}");
  },
  "a fetch without CORS": (url: string): void => {
    const approved = {
      registrationId: 42,
      status: "APPROVED",
      message: "Customer validated successfully",
      timestamp: 1,
    };
    void fetch(url, { method: "POST", mode: "no-cors", body: JSON.stringify(approved) }).catch(() => undefined);
  },
} as const;

/** Serves on a free port of this machine. */
async function serve(listener: RequestListener): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/**
 * A proxy in front of a gateway. It passes everything on and records the answer to each POST, which a browser hides
 * from the page.
 */
class Onlooker {
  private readonly statuses: number[] = [];
  private wake: () => void = () => undefined;
  private constructor(private readonly server: Server) {}

  static async start(gatewayPort: number): Promise<Onlooker> {
    const onlooker: Onlooker = new Onlooker(
      await serve((incoming, outgoing) => {
        const { method, url, headers } = incoming;
        const forwarded = request({ host: "127.0.0.1", port: gatewayPort, method, path: url, headers }, (answer) => {
          if (method === "POST") onlooker.add(answer.statusCode ?? 0);
          outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(outgoing);
        });
        forwarded.on("error", () => outgoing.destroy());
        incoming.pipe(forwarded);
      }),
    );
    return onlooker;
  }

  get port(): number {
    return portOf(this.server);
  }

  async nextStatus(): Promise<number> {
    while (this.statuses.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.statuses.shift() ?? 0;
  }

  stop(): Promise<void> {
    return close(this.server);
  }

  private add(status: number): void {
    this.statuses.push(status);
    this.wake();
  }
}

describe("a page of another site in the operator's browser", () => {
  // Names that resolve to this machine, as with an attacker's DNS: "bank.example" is the gateway's own, "evil.example"
  // the attacker's.
  const names = "MAP *.example 127.0.0.1";
  let browser: Browser;
  let context: BrowserContext;
  let gateway: Gateway;
  let onlooker: Onlooker;
  let site: Server;

  beforeAll(async () => {
    browser = await launchBrowser([`--host-resolver-rules=${names}`]);
    site = await serve((_request, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<body>"));
  });
  afterAll(async () => {
    await browser.close();
    await close(site);
  });
  beforeEach(async () => {
    gateway = await Gateway.start({
      more: [
        "--stage-pace-ms",
        "0",
        "--t24-latency-ms",
        "0",
        "--job-interval-ms",
        "3600000",
        "--allow-host",
        "bank.example",
        "--open",
        "--publish-route",
        "on",
      ],
    });
    onlooker = await Onlooker.start(gateway.port);
    context = await browser.newContext();
    context.setDefaultTimeout(30_000);
  });
  afterEach(async () => {
    await context.close();
    await onlooker.stop();
    await gateway.stop("SIGKILL");
  });

  const open = async (url: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };
  const siteUrl = (name: string): string => `http://${name}:${portOf(site)}/`;
  const expectNothingDone = async (): Promise<void> => {
    expect(await gateway.get("/api/registrations/42")).toMatchObject({ status: "PENDING", validating: false });
    expect(await gateway.get("/api/health")).toMatchObject({ published: 0 });
  };

  // For an IP address, the browser sends Sec-Fetch-Site; for a name over plain HTTP it sends only Origin.
  const targets = ["127.0.0.1", "bank.example"];
  const sites = ["evil.example", "127.0.0.1"];
  const paths = ["/api/registrations/42/process", "/api/registrations/42/updates"];
  const cases = targets.flatMap((target) =>
    sites.flatMap((from) => paths.map((path): [string, string, string] => [from, target, path])),
  );

  test.each(cases)("on %s can't post to %s%s", async (from, target, path) => {
    for (const [name, attack] of Object.entries(attacks)) {
      const page = await open(siteUrl(from));
      await page.evaluate(attack, `http://${target}:${onlooker.port}${path}`);
      expect([name, await onlooker.nextStatus()]).toEqual([name, 403]);
      // The page closes with its context: Chromium may never close a page whose form is still navigating.
    }
    await expectNothingDone();
  });

  test.each(sites)("on %s can't load anything of the gateway", async (from) => {
    const page = await open(siteUrl(from));
    for (const path of [
      "/api/health",
      "/api/registrations",
      "/",
      "/favicon.svg",
      "/api/nothing",
      "/api/registrations/updates/stream",
    ]) {
      const outcome = await page.evaluate(
        (url) =>
          fetch(url, { mode: "no-cors" }).then(
            (response) => response.type,
            (error: unknown) => String(error),
          ),
        gateway.url(path),
      );
      expect([path, outcome]).toEqual([path, "TypeError: Failed to fetch"]);
    }
  });

  test("whose name was rebound to the gateway's address reads and does nothing", async () => {
    const page = await context.newPage();
    expect((await page.goto(`http://evil.example:${gateway.port}/`))?.status()).toBe(421);
    const statuses = await page.evaluate(async () => {
      const ask = async (path: string, method: string): Promise<number> => (await fetch(path, { method })).status;
      return [
        await ask("/api/registrations", "GET"),
        await ask("/api/registrations/updates/stream", "GET"),
        await ask("/api/registrations/42/process", "POST"),
        await ask("/api/registrations/42/updates", "POST"),
      ];
    });
    expect(statuses).toEqual([421, 421, 421, 421]);
    await expectNothingDone();
  });

  test.each([...targets, "localhost"])("does not hinder the gateway's own page on %s", async (host) => {
    const page = await open(`http://${host}:${gateway.port}/mobile-banking/registration-requests/42`);
    await page.locator('[data-testid="live-badge"][data-live="true"]').waitFor();
    await page.getByRole("button", { name: "Validate Customer" }).click();
    await page.locator('[data-testid="registration-status"][data-status="APPROVED"]').waitFor();
  });
});
