import { createHmac, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "./temporary_folder.ts";

/** A token's rights, as in its claim `regstream`. */
export interface Rights {
  readonly subscribe?: readonly string[];
  readonly publish?: readonly string[];
  readonly inspect?: boolean;
}

export type Json = Readonly<Record<string, unknown>>;

const encode = (value: string | Buffer): string => Buffer.from(value).toString("base64url");

/** The current time in seconds, as tokens have it. */
export const now = (): number => Math.floor(Date.now() / 1000);

/** A signing key, made by Node's OpenSSL: independent of the library that verifies. */
export class TokenKey {
  private constructor(
    readonly algorithm: "HS256" | "RS256" | "ES256",
    private readonly secret: Buffer,
    private readonly pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined,
  ) {}

  static make(algorithm: "HS256" | "RS256" | "ES256"): TokenKey {
    if (algorithm === "HS256") return new TokenKey(algorithm, Buffer.from(randomBytes(32).toString("hex")), undefined);
    const pair =
      algorithm === "RS256"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        : generateKeyPairSync("ec", { namedCurve: "P-256" });
    return new TokenKey(algorithm, Buffer.alloc(0), pair);
  }

  /** What a gateway needs of the key: the secret for `--token-secret`, or the public key as PEM for `--token-key`. */
  get material(): string | Buffer {
    return this.pair === undefined ? this.secret : this.pair.publicKey.export({ type: "spki", format: "pem" });
  }

  /** The same in a file that only its owner can read. */
  file(): string {
    const path = join(temporaryFolder(), "key");
    writeFileSync(path, this.material, { mode: 0o600 });
    return path;
  }

  /** The same as a member of a JWKS. */
  jwk(id: string): Json {
    const key =
      this.pair === undefined ? { kty: "oct", k: encode(this.secret) } : this.pair.publicKey.export({ format: "jwk" });
    return { ...key, kid: id, alg: this.algorithm, use: "sig" };
  }

  /** Signs any text, with another `secret` if the test gives one. */
  sign(text: string, secret: string | Buffer = this.secret): string {
    if (this.pair === undefined) return encode(createHmac("sha256", secret).update(text).digest());
    return encode(sign("sha256", Buffer.from(text), { key: this.pair.privateKey, dsaEncoding: "ieee-p1363" }));
  }

  /** Makes a token of any claims and header. */
  raw(claims: Json, header: Json = {}): string {
    const head = encode(JSON.stringify({ alg: this.algorithm, typ: "JWT", ...header }));
    const text = `${head}.${encode(JSON.stringify(claims))}`;
    return `${text}.${this.sign(text)}`;
  }

  /** Makes a token that is valid for ten minutes. */
  token(rights: Rights, claims: Json = {}, header: Json = {}): string {
    return this.raw({ exp: now() + 600, regstream: rights, ...claims }, header);
  }
}

/** Writes a JWKS of these keys, to a new file or over an earlier one. */
export function writeJwks(
  keys: Readonly<Record<string, TokenKey>>,
  path = join(temporaryFolder(), "jwks.json"),
): string {
  writeFileSync(path, JSON.stringify({ keys: Object.entries(keys).map(([id, key]) => key.jwk(id)) }), { mode: 0o600 });
  return path;
}

export const bearer = (token: string): { Authorization: string } => ({ Authorization: `Bearer ${token}` });
