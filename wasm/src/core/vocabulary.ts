/** A workflow's names as the core and its records use them. */

import type { IdOf, Workflow } from "../workflow/workflow.js";

/** Describes a checked workflow to the core (wasm/abi/workflow_text.hpp). */
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

/** Valid ids in the core's form: one a line. */
export function idsText(ids: readonly (number | string)[]): string {
  return ids.map((id) => `${id}\n`).join("");
}

/**
 * A workflow's names by number. Records refer to a declared name by its place, from 1 on; 0 stands for any other name.
 */
export class Vocabulary<W extends Workflow> {
  readonly idMember: string;
  readonly hasTextIds: boolean;
  /** The text that the module's workflow is made from. */
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

  /** The id in a record: a number or a text. */
  id(number: number, text: () => string): IdOf<W> {
    return (this.hasTextIds ? text() : number) as IdOf<W>;
  }
}
