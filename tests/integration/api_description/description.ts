// docs/api as tests read it: the two descriptions, and the schemas that both refer to.
import { readdirSync, readFileSync } from "node:fs";

import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";

const folder = new URL("../../../docs/api/", import.meta.url);

const read = (path: string): string => readFileSync(new URL(path, folder), "utf8");

export type Schema = Readonly<Record<string, unknown>> | boolean;

/** What a request of `x-requests` sends, and what it gets. openapi.yaml explains each member. */
export interface DescribedRequest {
  readonly name: string;
  readonly gateway?: "open" | "guarded" | "away" | "full";
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | readonly (string | number)[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly token?: {
    readonly subscribe?: readonly string[];
    readonly publish?: readonly string[];
    readonly inspect?: boolean;
    readonly sub?: string;
    readonly expiresInSeconds?: number;
    readonly streamsBefore?: number;
  };
  readonly status: number;
  readonly events?: readonly string[];
  readonly twice?: boolean;
  readonly untilStatus?: boolean;
}

export interface Content {
  readonly schema: Schema;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

export interface DescribedResponse {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: Schema }>>;
  readonly content?: Readonly<Record<string, Content>>;
  readonly "x-not-sent"?: string;
}

interface Reference {
  readonly $ref: string;
}

interface RawOperation {
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, DescribedResponse | Reference>>;
  readonly "x-requests": readonly DescribedRequest[];
}

export interface Operation {
  readonly method: string;
  /** `/api/registrations/{id}` */
  readonly path: string;
  readonly bodies: Readonly<Record<string, Content>>;
  readonly responses: ReadonlyMap<number, DescribedResponse>;
  readonly requests: readonly DescribedRequest[];
}

export const openapi = parse(read("openapi.yaml")) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly responses: Readonly<Record<string, DescribedResponse>> };
};

export interface DescribedMessage {
  readonly name: string;
  readonly payload: { readonly schema: Schema };
  readonly examples: readonly { readonly payload: unknown }[];
}

export const asyncapi = parse(read("asyncapi.yaml")) as {
  readonly channels: Readonly<
    Record<string, { readonly address: string; readonly messages: Readonly<Record<string, Reference>> }>
  >;
  readonly components: { readonly messages: Readonly<Record<string, DescribedMessage>> };
};

/** The last part of `#/components/messages/Update`. */
export function nameOf({ $ref }: Reference): string {
  return $ref.slice($ref.lastIndexOf("/") + 1);
}

const methods = ["get", "put", "post", "delete", "patch"];

function resolve(response: DescribedResponse | Reference): DescribedResponse {
  if (!("$ref" in response)) return response;
  const found = openapi.components.responses[nameOf(response)];
  if (found === undefined) throw new Error(`openapi.yaml has no ${response.$ref}`);
  return found;
}

export const operations: readonly Operation[] = Object.entries(openapi.paths).flatMap(([path, item]) =>
  methods.flatMap((method) => {
    const operation = item[method] as RawOperation | undefined;
    if (operation === undefined) return [];
    const responses = Object.entries(operation.responses).map(
      ([status, response]) => [Number(status), resolve(response)] as const,
    );
    return [
      {
        method: method.toUpperCase(),
        path,
        bodies: operation.requestBody?.content ?? {},
        responses: new Map(responses),
        requests: operation["x-requests"],
      },
    ];
  }),
);

const schemaFiles = readdirSync(new URL("schemas/", folder));

// A format is for people here: times are compared by nobody.
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  validateFormats: false,
});
for (const file of schemaFiles) {
  const schema = JSON.parse(read(`schemas/${file}`)) as { $id?: string };
  if (schema.$id !== file) throw new Error(`docs/api/schemas/${file} has the $id ${schema.$id}`);
  ajv.addSchema(schema);
}

const validators = new Map<string, ValidateFunction>();

/** What is wrong with a value, by a schema of one of the descriptions; null if nothing is. */
export function mistakes(schema: Schema, value: unknown): string | null {
  // The schemas are one folder for both descriptions, and files beside each other for themselves.
  const text = JSON.stringify(schema).replaceAll('"schemas/', '"');
  const validate = validators.get(text) ?? ajv.compile(JSON.parse(text) as Schema as object);
  validators.set(text, validate);
  return validate(value) ? null : `${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`;
}

/** The files of schemas that a description refers to, directly or through others. */
export function schemasUsed(): ReadonlySet<string> {
  const used = new Set<string>();
  const follow = (text: string): void => {
    for (const [, file = ""] of text.matchAll(/([a-z_]+\.json)/g)) {
      if (used.has(file) || !schemaFiles.includes(file)) continue;
      used.add(file);
      follow(read(`schemas/${file}`));
    }
  };
  follow(JSON.stringify(openapi) + JSON.stringify(asyncapi));
  return used;
}

export const allSchemas: readonly string[] = schemaFiles;
