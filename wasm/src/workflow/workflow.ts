import type { StatusDeclaration, StatusKind, WorkflowDeclaration } from "./declaration.js";

/** A declaration that has been checked, and never changes: `defineWorkflow` makes one. */
export type Workflow<D extends WorkflowDeclaration = WorkflowDeclaration> = Readonly<Omit<D, "$schema">>;

/** A name that a workflow declares, or any other: editors offer the declared ones. */
export type OrAnyOther<Name extends string> = Name | (string & {});

type NameOfKind<Status, Kind extends StatusKind> = Status extends { readonly name: infer Name; readonly kind: infer K }
  ? Extract<K, Kind> extends never
    ? never
    : Name & string
  : never;

/** The names of a workflow's statuses. */
export type StatusOf<W extends Workflow> = W["statuses"][number]["name"];

/** The names of those by which an instance has ended, failed ones included. */
export type FinalStatusOf<W extends Workflow> = NameOfKind<W["statuses"][number], "final" | "failed">;

/** The names of a workflow's stages. */
export type StageOf<W extends Workflow> = W["stages"][number]["name"];

/** A workflow's ids: numbers or texts. */
export type IdOf<W extends Workflow> = W["id"]["kind"] extends "integer"
  ? number
  : W["id"]["kind"] extends "text"
    ? string
    : number | string;

/** The member by which updates and views of a workflow name their instance; of any workflow its name is not known. */
export type IdMember<W extends Workflow> = string extends W["id"]["member"]
  ? unknown
  : { readonly [Member in W["id"]["member"]]: IdOf<W> };

function freezeDeeply<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freezeDeeply);
  }
  return Object.freeze(value);
}

/** For a declaration that is known to be valid: one of the package's own. */
export function frozenWorkflow<const D extends WorkflowDeclaration>(declaration: D): Workflow<D> {
  return freezeDeeply(declaration);
}

/** What a declared status means; undefined where the workflow does not declare it: it is open then. */
export function statusNamed(workflow: Workflow, status: string): StatusDeclaration | undefined {
  return workflow.statuses.find(({ name }) => name === status);
}

/** True where an instance with that status has ended. A status that is not declared is open. */
export function isFinalStatus<W extends Workflow>(workflow: W, status: string): status is FinalStatusOf<W> {
  return (statusNamed(workflow, status)?.kind ?? "open") !== "open";
}

/** The statuses by which an instance has ended, in order. */
export function finalStatuses(workflow: Workflow): readonly string[] {
  return workflow.statuses.filter(({ kind }) => kind !== "open").map(({ name }) => name);
}
