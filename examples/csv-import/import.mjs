// Publishes the stages of an import, as the importing program would: node import.mjs IMPORT_ID [--fail]. It uses the
// gateway's HTTP route and so needs no package. GATEWAY is the gateway's address.
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const gateway = process.env.GATEWAY ?? "http://127.0.0.1:8080";
const paceMs = Number(process.env.PACE_MS ?? 400);
const workflow = JSON.parse(readFileSync(new URL("workflow.json", import.meta.url), "utf8"));

const [importId, option] = process.argv.slice(2);
if (importId === undefined || (option !== undefined && option !== "--fail")) {
  console.error("usage: node import.mjs IMPORT_ID [--fail]");
  process.exit(2);
}

async function publish(update) {
  const path = workflow.paths.updates.replace("{id}", encodeURIComponent(importId));
  const response = await fetch(new URL(path, gateway), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(update),
  });
  if (!response.ok) {
    throw new Error(`${response.status}: ${await response.text()}`);
  }
}

const failing = option === "--fail" ? "check_references" : undefined;
for (const { name: stage, title } of workflow.stages) {
  await publish({ stage, stageStatus: "started", message: title });
  await pause(paceMs);
  if (stage === failing) {
    await publish({ stage, stageStatus: "failed", message: "Row 118 names the supplier 4711, which there is not" });
    await publish({ status: "REJECTED", message: "Row 118 can't be imported", details: { row: 118 } });
    process.exit();
  }
  const message = stage === "count_rows" ? "2 000 rows" : `${title}: done`;
  await publish({ stage, stageStatus: "completed", message });
}
await publish({ status: "IMPORTED", message: "2 000 rows imported", details: { rows: 2000 } });
