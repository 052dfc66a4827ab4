import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { installPacked } from "../processes/packed_package.ts";
import { removeTemporaryFolders, temporaryFolder } from "../processes/temporary_folder.ts";

const resolve = createRequire(import.meta.url).resolve;

/** Declared as in docs/workflow.schema.json; it shares nothing with registration. */
const declaration = {
  name: "csv-import",
  id: { member: "file", kind: "text" },
  statuses: [
    { name: "RUNNING", kind: "open" },
    { name: "IMPORTED", kind: "final" },
    { name: "REJECTED", kind: "failed" },
  ],
  stageUpdateStatus: "RUNNING",
  stages: [{ name: "write_rows", title: "Write the rows" }],
  inferStageStatus: false,
  channel: "service:csv-imports",
  paths: { stream: "/api/imports/updates/stream", updates: "/api/imports/{id}/updates" },
};

const page = `
import type { WorkflowPublisher } from "regstream/publisher";
import { csvImportWorkflow, type CsvImportFinalStatus, type CsvImportWorkflow } from "./csv-import.js";

export const outcome: CsvImportFinalStatus = csvImportWorkflow.statuses[1].name;
export function end(publisher: WorkflowPublisher<CsvImportWorkflow>): void {
  void publisher.publishFinalStatus("customers.csv", outcome, "Done");
  // @ts-expect-error: it has not ended by that status
  void publisher.publishFinalStatus("customers.csv", "RUNNING", "Done");
  // @ts-expect-error: its ids are texts
  void publisher.publishFinalStatus(42, "REJECTED", "Done");
}
`;

describe("the package, packed and installed in an application", () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  const run = (...args: readonly string[]) =>
    spawnSync("npx", ["--no-install", "regstream-workflow", ...args], { cwd: folder, encoding: "utf8" });

  beforeAll(() => {
    installPacked(folder);
    writeFileSync(at("csv-import.json"), JSON.stringify(declaration, null, 2));
  });
  afterAll(removeTemporaryFolders);

  test("has the command, which writes a module that compiles", () => {
    expect(run("csv-import.json")).toMatchObject({ status: 0, stdout: "csv-import.ts\n", stderr: "" });
    writeFileSync(at("page.ts"), page);
    const compiler = join(dirname(resolve("typescript/package.json")), "bin/tsc");
    const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"];
    const compile = [compiler, ...options, "page.ts"];
    const { status, stdout } = spawnSync(process.execPath, compile, { cwd: folder, encoding: "utf8" });
    expect([status, stdout]).toEqual([0, ""]);
  });

  test("has a command that fails on a stale module", () => {
    run("csv-import.json");
    expect(run("csv-import.json", "--check")).toMatchObject({ status: 0, stdout: "", stderr: "" });
    const written = readFileSync(at("csv-import.ts"), "utf8");
    writeFileSync(at("csv-import.ts"), written.replaceAll("REJECTED", "REFUSED"));
    const { status, stderr } = run("csv-import.json", "--check");
    expect([status, stderr]).toEqual([1, "csv-import.ts: is stale: run regstream-workflow csv-import.json\n"]);
  });

  test("comes with the project's licence", () => {
    const inPackage = readFileSync(at("node_modules/regstream/LICENSE"), "utf8");
    expect(inPackage).toBe(readFileSync(new URL("../../LICENSE", import.meta.url), "utf8"));
  });

  test("has entry points that load without what only the command needs", () => {
    rmSync(at("node_modules/jsonc-parser"), { recursive: true });
    writeFileSync(
      at("entry_points.mjs"),
      `
      import { registrationWorkflow, finalStatuses } from "regstream/workflow";
      import { createPublisher } from "regstream/publisher";
      import { RegistrationStream } from "regstream";
      console.log(typeof createPublisher, typeof RegistrationStream, finalStatuses(registrationWorkflow).length);
    `,
    );
    const { status, stdout, stderr } = spawnSync(process.execPath, [at("entry_points.mjs")], { encoding: "utf8" });
    expect([status, stdout, stderr]).toEqual([0, "function function 4\n", ""]);
  });
});
