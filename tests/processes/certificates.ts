import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "./temporary_folder.ts";

/** A certificate and its key, as files and as PEM. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Subject alternative names. Default: this machine's. */
  readonly names?: string;
  /** OpenSSL's `-days`; negative for an expired certificate. */
  readonly days?: number;
}

/** An authority that signs certificates, made by OpenSSL for one test. */
export class CertificateAuthority {
  private readonly folder = temporaryFolder();
  /** For `--ca-file`, and for Node's `ca`. */
  readonly certFile = join(this.folder, "ca.pem");
  private readonly keyFile = join(this.folder, "ca.key");
  private issued = 0;

  constructor() {
    openssl(
      ...newKey,
      "-x509",
      "-subj",
      "/CN=Test authority",
      "-days",
      "2",
      "-keyout",
      this.keyFile,
      "-out",
      this.certFile,
    );
  }

  get cert(): string {
    return readFileSync(this.certFile, "utf8");
  }

  /** Makes a new key and signs its certificate. */
  issue({ names = "DNS:localhost,IP:127.0.0.1", days = 2 }: CertificateOptions = {}): Certificate {
    const name = String(++this.issued);
    const certFile = join(this.folder, `${name}.pem`);
    const keyFile = join(this.folder, `${name}.key`);
    const requestFile = join(this.folder, `${name}.csr`);
    const extensionFile = join(this.folder, `${name}.ext`);
    openssl(...newKey, "-subj", `/CN=${name}`, "-keyout", keyFile, "-out", requestFile);
    writeFileSync(extensionFile, `subjectAltName=${names}\n`);
    openssl(
      ...["x509", "-req", "-in", requestFile, "-CA", this.certFile, "-CAkey", this.keyFile, "-CAcreateserial"],
      ...["-days", String(days), "-extfile", extensionFile, "-out", certFile],
    );
    return { certFile, keyFile, cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  }
}

const newKey = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
