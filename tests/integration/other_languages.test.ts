import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { Child } from "../processes/child.ts";
import { Gateway } from "../processes/gateway.ts";

// Debian's own interpreters, which find Debian's packages.
const python = "/usr/bin/python3";
const perl = "/usr/bin/perl";

const stream = "/api/registrations/updates/stream";

async function publish(gateway: Gateway, message: string): Promise<void> {
  const response = await fetch(gateway.url("/api/registrations/42/updates"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ stage: "t24_lookup", stageStatus: "started", status: "PENDING", message }),
  });
  expect(response.status).toBe(201);
}

/** Each prints events at once, and a sentence at the stream's end. A cut stream is an error to it. */
describe.each([
  ["requests by lines", python, "requests_lines.py"],
  ["requests by content", python, "requests_content.py"],
  ["Tornado", python, "tornado_callback.py"],
  ["Perl's LWP", perl, "lwp_callback.pl"],
])("%s", (_name, interpreter, file) => {
  const follow = (gateway: Gateway): Child =>
    new Child(interpreter, [fileURLToPath(new URL(`other_languages/${file}`, import.meta.url)), gateway.url(stream)]);

  test("shows each event as it happens, and sees the end of a gateway that shuts down", async () => {
    const gateway = await Gateway.start({ hasDemo: false });
    const client = follow(gateway);
    await client.untilOutput(/"connected".*\n/);
    await publish(gateway, "first");
    await client.untilOutput(/"first".*\n/);
    await publish(gateway, "second");
    await client.untilOutput(/"second".*\n/);
    expect(await gateway.stop()).toBe(0);
    expect(await client.exited).toBe(0);
    expect(client.log).toMatch(/the stream has ended\n$/);
  });

  test("notices that a gateway has crashed", async () => {
    const gateway = await Gateway.start({ hasDemo: false });
    const client = follow(gateway);
    await client.untilOutput(/"connected".*\n/);
    await gateway.stop("SIGKILL");
    expect(await client.exited).not.toBe(0);
    expect(client.log).not.toContain("the stream has ended");
  });
});
