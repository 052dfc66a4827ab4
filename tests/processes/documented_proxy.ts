import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Certificate } from "./certificates.ts";
import { Child, freePort } from "./child.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** A proxy with the configuration of docs/proxies. The test replaces only addresses and files. */
export class DocumentedProxy {
  private constructor(
    private readonly child: Child,
    readonly port: number,
    readonly accessLogFile: string,
  ) {}

  /** Starts nginx with `gzip on`, as in Debian's nginx.conf. `more` is added to the http block. */
  static async nginx(gatewayPort: number, certificate: Certificate, more = ""): Promise<DocumentedProxy> {
    const folder = temporaryFolder();
    const [port, plainPort] = [await freePort(), await freePort()];
    const accessLogFile = join(folder, "access.log");
    const documented = replaceAll(read("nginx.conf"), {
      "listen 80;": `listen 127.0.0.1:${plainPort};`,
      "listen 443 ": `listen 127.0.0.1:${port} `,
      "server 127.0.0.1:8080 ": `server 127.0.0.1:${gatewayPort} `,
      "/etc/ssl/certs/bank.example.pem": certificate.certFile,
      "/etc/ssl/private/bank.example.key": certificate.keyFile,
      "/var/log/nginx/regstream.log": accessLogFile,
    });
    const temporaryPaths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${join(folder, name)};`,
    );
    const configuration = join(folder, "nginx.conf");
    writeFileSync(
      configuration,
      `daemon off; master_process off; pid ${join(folder, "nginx.pid")}; error_log stderr notice;
       events {}
       http { ${temporaryPaths.join(" ")} gzip on; ${more}
       ${documented} }`,
    );
    const child = new Child("/usr/sbin/nginx", ["-p", folder, "-c", configuration]);
    // nginx listens before it prints this line.
    await child.untilOutput(/OS: Linux/);
    return new DocumentedProxy(child, port, accessLogFile);
  }

  static async caddy(gatewayPort: number, certificate: Certificate): Promise<DocumentedProxy> {
    const folder = temporaryFolder();
    const port = await freePort();
    const accessLogFile = join(folder, "access.log");
    const documented = replaceAll(read("Caddyfile"), {
      "bank.example {": `https://bank.example:${port} {`,
      "reverse_proxy 127.0.0.1:8080 ": `reverse_proxy 127.0.0.1:${gatewayPort} `,
      "/etc/ssl/certs/bank.example.pem": certificate.certFile,
      "/etc/ssl/private/bank.example.key": certificate.keyFile,
      "/var/log/caddy/regstream.log": accessLogFile,
    });
    const configuration = join(folder, "Caddyfile");
    // Without Caddy's default ports: those of its API and of plain HTTP.
    writeFileSync(
      configuration,
      `{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n}\n${documented}`,
    );
    mkdirSync(join(folder, "home"));
    const home = {
      XDG_CONFIG_HOME: join(folder, "home"),
      XDG_DATA_HOME: join(folder, "home"),
      HOME: join(folder, "home"),
    };
    const child = new Child("/usr/bin/caddy", ["run", "--config", configuration, "--adapter", "caddyfile"], home);
    await child.untilOutput(/serving initial configuration/);
    return new DocumentedProxy(child, port, accessLogFile);
  }

  async stop(): Promise<void> {
    await this.child.stop("SIGKILL");
  }
}

function read(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../docs/proxies/${name}`, import.meta.url)), "utf8");
}

/** Each text must occur: the document itself is under test. */
function replaceAll(text: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`docs/proxies has no "${from}" any longer`);
    return before.replaceAll(from, to);
  }, text);
}
