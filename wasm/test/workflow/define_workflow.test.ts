import { describe, expect, expectTypeOf, it } from "vitest";

import type { RegistrationWorkflow } from "../../src/generated/registration.js";
import type { RegistrationUpdate, RegistrationView, UpdateOf, ViewOf } from "../../src/shared/messages.js";
import type { FinalStatusOf, IdOf, StageOf, StatusOf, Workflow, WorkflowDeclaration } from "../../src/workflow.js";
import { DeclarationError, defineWorkflow, finalStatuses, isFinalStatus, statusNamed } from "../../src/workflow.js";
import { csvImport } from "./csv_import.js";

type CsvImport = typeof csvImport;

describe("a workflow", () => {
  it("is its declaration, immutable", () => {
    const statuses = [
      { name: "A", kind: "open" as const },
      { name: "B", kind: "final" as const },
    ];
    const changed = { ...csvImport, statuses, stageUpdateStatus: "A" };
    const workflow = defineWorkflow({ ...changed, $schema: "x.json" });
    expect(workflow).toEqual(changed);
    statuses.pop();
    expect(workflow.statuses).toHaveLength(2);
    for (const part of [workflow, workflow.id, workflow.statuses, workflow.statuses[0], workflow.paths]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it("knows what its statuses mean; an undeclared one is open", () => {
    expect(finalStatuses(csvImport)).toEqual(["IMPORTED", "REJECTED"]);
    expect(isFinalStatus(csvImport, "REJECTED")).toBe(true);
    expect(isFinalStatus(csvImport, "PAUSED")).toBe(false);
    expect(isFinalStatus(csvImport, "constructor")).toBe(false);
    expect(statusNamed(csvImport, "PAUSED")?.title).toBe("Paused");
    expect(statusNamed(csvImport, "WAITING")).toBeUndefined();
  });

  it("is refused if it breaks a rule, with the member and the rule", () => {
    const define = () => defineWorkflow({ ...csvImport, stageUpdateStatus: "IMPORTED" });
    expect(define).toThrow(DeclarationError);
    expect(define).toThrow(TypeError);
    expect(define).toThrow("stageUpdateStatus must be one of the statuses whose kind is open");
  });
});

describe("a workflow's types", () => {
  it("are its own names, and any other where messages may have others", () => {
    expectTypeOf<StatusOf<CsvImport>>().toEqualTypeOf<"RUNNING" | "PAUSED" | "IMPORTED" | "REJECTED">();
    expectTypeOf<FinalStatusOf<CsvImport>>().toEqualTypeOf<"IMPORTED" | "REJECTED">();
    expectTypeOf<StageOf<CsvImport>>().toEqualTypeOf<"read" | "write">();
    expectTypeOf<UpdateOf<CsvImport>["status"]>().toEqualTypeOf<StatusOf<CsvImport> | (string & {})>();
    expectTypeOf<ViewOf<CsvImport>["stages"][number]["name"]>().toEqualTypeOf<StageOf<CsvImport> | (string & {})>();
  });

  it("have the id member with its kind", () => {
    expectTypeOf<IdOf<CsvImport>>().toEqualTypeOf<string>();
    expectTypeOf<IdOf<RegistrationWorkflow>>().toEqualTypeOf<number>();
    expectTypeOf<UpdateOf<CsvImport>>().toHaveProperty("file").toEqualTypeOf<string>();
    expectTypeOf<RegistrationUpdate["registrationId"]>().toEqualTypeOf<number>();
    expectTypeOf<RegistrationView["registrationId"]>().toEqualTypeOf<number>();
    expectTypeOf<UpdateOf<CsvImport>>().not.toHaveProperty("registrationId");
  });

  it("are wide if the declaration is not known statically", () => {
    expectTypeOf<IdOf<Workflow>>().toEqualTypeOf<number | string>();
    expectTypeOf<FinalStatusOf<Workflow>>().toEqualTypeOf<string>();
    expectTypeOf<RegistrationWorkflow>().toExtend<Workflow>();
    expectTypeOf<CsvImport>().toExtend<WorkflowDeclaration>();
  });
});
