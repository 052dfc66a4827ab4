/** A workflow's words as the core and its records know them. */

import type { IdOf, Workflow } from "../workflow/workflow.js";

/** What the core is told of a workflow (wasm/abi/workflow_text.hpp): a declaration that has been checked. */
function workflowText({ id, inferStageStatus, stageUpdateStatus, statuses, stages }: Workflow): string {
  const lines = [
    `id ${id.kind} ${id.member}`,
    `infer ${inferStageStatus ? 1 : 0}`,
    `stage_update ${stageUpdateStatus}`,
    ...statuses.map(({ kind, name }) => `status ${kind} ${name}`),
    ...stages.map(({ name }) => `stage ${name}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Ids as the core reads them, each of the workflow's kind: one a line. */
export function idsText(ids: readonly (number | string)[]): string {
  return ids.map((id) => `${id}\n`).join("");
}

/** Records name a declared word by its place, from 1 on; 0 stands for any other. */
export class Vocabulary<W extends Workflow> {
  readonly idMember: string;
  readonly hasTextIds: boolean;
  /** What the module's workflow is made of. */
  readonly text: string;
  readonly #statuses: readonly string[];
  readonly #stages: readonly string[];

  constructor(workflow: W) {
    this.idMember = workflow.id.member;
    this.hasTextIds = workflow.id.kind === "text";
    this.text = workflowText(workflow);
    this.#statuses = workflow.statuses.map(({ name }) => name);
    this.#stages = workflow.stages.map(({ name }) => name);
  }

  status(place: number): string | undefined {
    return this.#statuses[place - 1];
  }

  stage(place: number): string | undefined {
    return this.#stages[place - 1];
  }

  /** The id that a record names, by a number or a text. */
  id(number: number, text: () => string): IdOf<W> {
    return (this.hasTextIds ? text() : number) as IdOf<W>;
  }
}
