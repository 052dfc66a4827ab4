// A stream that ends with the final status, as curl and a browser's own EventSource see it.
import { afterAll, beforeAll, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Child } from "../processes/child.ts";
import { Gateway } from "../processes/gateway.ts";

const streamPath = "/api/registrations/updates/stream";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await Gateway.start({ hasDemo: false });
});
afterAll(() => gateway.stop("SIGKILL"));

async function publish(registrationId: number, status: string): Promise<string> {
  const response = await fetch(gateway.url(`/api/registrations/${registrationId}/updates`), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ status, message: "so it is" }),
  });
  expect(response.ok).toBe(true);
  return ((await response.json()) as { id: string }).id;
}

test("curl -N exits with success after the final status and the end", async () => {
  const curl = new Child("curl", ["-sS", "-N", gateway.url(`${streamPath}?registrationId=42&until=final`)]);
  await curl.untilOutput(/"type":"connected"/);
  await publish(42, "PENDING");
  await publish(41, "APPROVED");
  const id = await publish(42, "APPROVED");
  expect(await curl.exited).toBe(0);
  expect(curl.log).toMatch(
    new RegExp(`\\nid: ${id}-end\\ndata: \\{"type":"end","id":"${id}","timestamp":\\d+\\}\\n\\n$`),
  );
  expect(curl.log).not.toContain('"registrationId":41');

  // Again, now that the status is final.
  const late = new Child("curl", ["-sS", "-N", gateway.url(`${streamPath}?registrationId=42&until=final`)]);
  expect(await late.exited).toBe(0);
  expect(late.log).toMatch(/"type":"snapshot"[^]*"type":"end"/);
});

test("a browser's EventSource stops for good after the end", async () => {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(gateway.url("/livez"));
    const read = page.evaluate(
      (path) =>
        new Promise<{ types: string[]; lastEventId: string; opened: number }>((resolve) => {
          const source = new EventSource(path);
          const types: string[] = [];
          let lastEventId = "";
          let opened = 0;
          source.onopen = () => {
            opened += 1;
          };
          source.onmessage = (event) => {
            types.push((JSON.parse(event.data as string) as { type: string }).type);
            lastEventId = event.lastEventId;
          };
          // The first error is the server's close, after which EventSource reconnects; the answer to that is 204.
          source.onerror = () => {
            if (source.readyState === EventSource.CLOSED) resolve({ types, lastEventId, opened });
          };
        }),
      `${streamPath}?registrationId=43&until=final`,
    );
    while ((await gateway.get<{ subscribers: number }>("/api/health")).subscribers === 0);
    const id = await publish(43, "COMPLETED");
    expect(await read).toEqual({ types: ["connected", "update", "end"], lastEventId: `${id}-end`, opened: 1 });
    expect(await gateway.get("/api/health")).toMatchObject({ subscribers: 0, resets: 0 });
  } finally {
    await browser.close();
  }
});
