import { createHmac, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "./temporary_folder.ts";

/** A token's rights, as its `regstream` claim says them. */
export interface Rights {
  readonly subscribe?: readonly string[];
  readonly publish?: readonly string[];
  readonly inspect?: boolean;
}

export type Json = Readonly<Record<string, unknown>>;

const encode = (value: string | Buffer): string => Buffer.from(value).toString("base64url");

/** Now, as tokens say it: in seconds. */
export const now = (): number => Math.floor(Date.now() / 1000);

/** A key that signs, made by Node's OpenSSL: a stranger to the library that verifies. */
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

  /** What a gateway needs of it: the secret for `--token-secret`, or the public key as PEM for `--token-key`. */
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

  /** The signature of any text, by `secret` where the test signs with another one. */
  sign(text: string, secret: string | Buffer = this.secret): string {
    if (this.pair === undefined) return encode(createHmac("sha256", secret).update(text).digest());
    return encode(sign("sha256", Buffer.from(text), { key: this.pair.privateKey, dsaEncoding: "ieee-p1363" }));
  }

  /** A token of any claims and header. */
  raw(claims: Json, header: Json = {}): string {
    const text = `${encode(JSON.stringify({ alg: this.algorithm, typ: "JWT", ...header }))}.${encode(JSON.stringify(claims))}`;
    return `${text}.${this.sign(text)}`;
  }

  /** A token that counts for ten minutes. */
  token(rights: Rights, claims: Json = {}, header: Json = {}): string {
    return this.raw({ exp: now() + 600, regstream: rights, ...claims }, header);
  }
}

/** A file with a JWKS of these keys, or the same file with others. */
export function writeJwks(
  keys: Readonly<Record<string, TokenKey>>,
  path = join(temporaryFolder(), "jwks.json"),
): string {
  writeFileSync(path, JSON.stringify({ keys: Object.entries(keys).map(([id, key]) => key.jwk(id)) }), { mode: 0o600 });
  return path;
}

export const bearer = (token: string): { Authorization: string } => ({ Authorization: `Bearer ${token}` });
