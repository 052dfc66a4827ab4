import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { Child, freePort } from "./child.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** A real nginx in front of a gateway, with what a plain `proxy_pass` sets: HTTP/1.0 upstream, and buffering. */
export class Nginx {
  private constructor(
    private readonly child: Child,
    readonly port: number,
  ) {}

  static async start(upstreamPort: number): Promise<Nginx> {
    const folder = temporaryFolder();
    const port = await freePort();
    const configuration = join(folder, "nginx.conf");
    const temporaryPaths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${join(folder, name)};`,
    );
    writeFileSync(
      configuration,
      `daemon off; master_process off; pid ${join(folder, "nginx.pid")}; error_log stderr notice;
       events {}
       http {
         access_log off; ${temporaryPaths.join(" ")}
         server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${upstreamPort}; } }
       }`,
    );
    const child = new Child("/usr/sbin/nginx", ["-p", folder, "-c", configuration]);
    // Its sockets listen before it says which kind of worker it is.
    await child.untilOutput(/OS: Linux/);
    return new Nginx(child, port);
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  async stop(): Promise<void> {
    await this.child.stop("SIGKILL");
  }
}
