import type { StatusDeclaration, StatusKind, WorkflowDeclaration } from "./declaration.js";

/** A checked, immutable declaration: `defineWorkflow` makes one. */
export type Workflow<D extends WorkflowDeclaration = WorkflowDeclaration> = Readonly<Omit<D, "$schema">>;

/** A declared name or any other: editors suggest the declared ones. */
export type OrAnyOther<Name extends string> = Name | (string & {});

type NameOfKind<Status, Kind extends StatusKind> = Status extends { readonly name: infer Name; readonly kind: infer K }
  ? Extract<K, Kind> extends never
    ? never
    : Name & string
  : never;

/** The names of a workflow's statuses. */
export type StatusOf<W extends Workflow> = W["statuses"][number]["name"];

/** The names of the statuses that end an instance, failed ones included. */
export type FinalStatusOf<W extends Workflow> = NameOfKind<W["statuses"][number], "final" | "failed">;

/** The names of a workflow's stages. */
export type StageOf<W extends Workflow> = W["stages"][number]["name"];

/** A workflow's ids: numbers or texts. */
export type IdOf<W extends Workflow> = W["id"]["kind"] extends "integer"
  ? number
  : W["id"]["kind"] extends "text"
    ? string
    : number | string;

/**
 * The member of updates and views that names the instance. If the workflow is not known statically, neither is the
 * member's name.
 */
export type IdMember<W extends Workflow> = string extends W["id"]["member"]
  ? unknown
  : { readonly [Member in W["id"]["member"]]: IdOf<W> };

function freezeDeeply<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freezeDeeply);
  }
  return Object.freeze(value);
}

/** Makes a workflow from a valid declaration: one of the package's own. */
export function frozenWorkflow<const D extends WorkflowDeclaration>(declaration: D): Workflow<D> {
  return freezeDeeply(declaration);
}

/** The declaration of a status; undefined if the workflow does not declare it: it is open then. */
export function statusNamed(workflow: Workflow, status: string): StatusDeclaration | undefined {
  return workflow.statuses.find(({ name }) => name === status);
}

/** True if an instance with that status has ended. A status that is not declared is open. */
export function isFinalStatus<W extends Workflow>(workflow: W, status: string): status is FinalStatusOf<W> {
  return (statusNamed(workflow, status)?.kind ?? "open") !== "open";
}

/** The statuses that end an instance, in order. */
export function finalStatuses(workflow: Workflow): readonly string[] {
  return workflow.statuses.filter(({ kind }) => kind !== "open").map(({ name }) => name);
}
