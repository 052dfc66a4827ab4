import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { Child, freePort } from "./child.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** A real HAProxy in front of a gateway. It cuts connections that are silent for `idleMs`, on either side. */
export class HaProxy {
  private constructor(
    private readonly child: Child,
    readonly port: number,
  ) {}

  static async start(upstreamPort: number, idleMs: number): Promise<HaProxy> {
    const configuration = join(temporaryFolder(), "haproxy.cfg");
    const port = await freePort();
    writeFileSync(
      configuration,
      `defaults
         mode http
         timeout connect 10s
         timeout client ${idleMs}ms
         timeout server ${idleMs}ms
       listen gateways
         bind 127.0.0.1:${port}
         server gateway 127.0.0.1:${upstreamPort}
`,
    );
    // In master mode HAProxy reports when its worker listens.
    const child = new Child("/usr/sbin/haproxy", ["-W", "-db", "-f", configuration]);
    child.lastSignal = "SIGTERM"; // A killed master would leave its worker running.
    await child.untilOutput(/Loading success/);
    return new HaProxy(child, port);
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  async stop(): Promise<void> {
    await this.child.stop("SIGTERM");
  }
}
