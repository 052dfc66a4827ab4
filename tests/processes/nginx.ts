import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { Child, freePort } from "./child.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** The servers behind an nginx. */
export interface NginxOptions {
  /** Ports of the gateways that requests below /api/ go to, in turn. */
  readonly gateways: readonly number[];
  /** Port of the server for everything else. */
  readonly pages: number;
}

/**
 * A real nginx in front of a gateway, with the defaults of a plain `proxy_pass`: HTTP/1.0 upstream, and buffering.
 * `more` is added to its location.
 */
export class Nginx {
  private constructor(
    private readonly child: Child,
    readonly port: number,
  ) {}

  static async start(upstreamPort: number, more = ""): Promise<Nginx> {
    const folder = temporaryFolder();
    const port = await freePort();
    const configuration = join(folder, "nginx.conf");
    writeFileSync(
      configuration,
      `daemon off; master_process off; pid ${join(folder, "nginx.pid")}; error_log stderr notice;
       events {}
       http {
         ${common(folder)}
         upstream gateways { server 127.0.0.1:${upstreamPort}; }
         server {
           listen 127.0.0.1:${port};
           location / { proxy_pass http://127.0.0.1:${upstreamPort}; ${more} }
           location /upstream/ { proxy_pass http://gateways/; ${more} }
         }
       }`,
    );
    const child = new Child("/usr/sbin/nginx", ["-p", folder, "-c", configuration]);
    // nginx listens before it prints this line.
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

/**
 * A real nginx with workers in front of several gateways, on two ports: one with the defaults of a plain `proxy_pass`,
 * one with the recommended settings for streams. Its timeouts are short, as those of the servers behind it.
 */
export class NginxInFront {
  private constructor(
    private readonly child: Child,
    private readonly folder: string,
    private readonly pages: number,
    readonly bufferingPort: number,
    readonly unbufferedPort: number,
  ) {}

  static async start(options: NginxOptions): Promise<NginxInFront> {
    const folder = temporaryFolder();
    const [bufferingPort, unbufferedPort] = [await freePort(), await freePort()];
    writeFileSync(join(folder, "nginx.conf"), inFront(folder, options, bufferingPort, unbufferedPort));
    const child = new Child("/usr/sbin/nginx", ["-p", folder, "-c", join(folder, "nginx.conf")]);
    // A killed master would leave its workers running.
    child.lastSignal = "SIGTERM";
    await child.untilOutput(/start worker process \d+/);
    return new NginxInFront(child, folder, options.pages, bufferingPort, unbufferedPort);
  }

  get log(): string {
    return this.child.log;
  }

  /**
   * Reloads, so that new requests go to these gateways. Open connections are cut a second later; resolves when they
   * are.
   */
  async switchTo(gateways: readonly number[]): Promise<void> {
    const options = { gateways, pages: this.pages };
    writeFileSync(
      join(this.folder, "nginx.conf"),
      inFront(this.folder, options, this.bufferingPort, this.unbufferedPort),
    );
    const exits = this.child.log.match(/worker process \d+ exited/g)?.length ?? 0;
    this.child.signal("SIGHUP");
    await this.child.untilOutput(new RegExp(`(worker process \\d+ exited[^]*){${exits + 1}}`));
  }

  async stop(): Promise<void> {
    await this.child.stop("SIGTERM");
  }
}

function common(folder: string): string {
  const temporaryPaths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  return `access_log off; ${temporaryPaths.join(" ")}`;
}

function inFront(
  folder: string,
  { gateways, pages }: NginxOptions,
  bufferingPort: number,
  unbufferedPort: number,
): string {
  // By default a gateway that failed gets no requests until one to it has ended well. A stream's never ends.
  const servers = gateways.map((port) => `server 127.0.0.1:${port} max_fails=0;`).join(" ");
  const pagesLocation = `location / { proxy_pass http://127.0.0.1:${pages}; }`;
  const locations = `location /api/ { proxy_pass http://gateways; } ${pagesLocation}`;
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `daemon off; pid ${join(folder, "nginx.pid")}; error_log stderr notice; ${user}
    worker_processes 1; worker_shutdown_timeout 1s;
    events { worker_connections 4096; }
    http {
      ${common(folder)}
      upstream gateways { ${servers} }
      proxy_connect_timeout 1s; proxy_read_timeout 5s;
      # By default Host is the upstream's name, by which no gateway is known.
      proxy_set_header Host $http_host;
      server { listen 127.0.0.1:${bufferingPort}; ${locations} }
      server {
        listen 127.0.0.1:${unbufferedPort};
        proxy_buffering off; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
        ${locations}
      }
    }`;
}
