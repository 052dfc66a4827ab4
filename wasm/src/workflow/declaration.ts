/** A workflow's vocabulary, as its declaration has it: docs/workflow.schema.json describes the file. */

/** What a status says of its instance: it goes on, it has ended, or it has ended and failed. */
export type StatusKind = "open" | "final" | "failed";

/** What names an instance: a number from 1 to 2^53 - 1, or a text. */
export type IdKind = "integer" | "text";

export interface StatusDeclaration {
  /** As messages have it. */
  readonly name: string;
  readonly kind: StatusKind;
  /** For people. */
  readonly title?: string;
  /** For people. */
  readonly description?: string;
}

export interface StageDeclaration {
  /** As messages have it. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** For people. */
  readonly description?: string;
}

export interface WorkflowDeclaration {
  /** For editors; has no meaning here. */
  readonly $schema?: string;
  readonly name: string;
  /** Of messages the member that names the instance, and of a stream's query the parameter. */
  readonly id: { readonly member: string; readonly kind: IdKind };
  /** In order. Others may appear in messages; they are open. */
  readonly statuses: readonly StatusDeclaration[];
  /** The open status that a stage update carries. */
  readonly stageUpdateStatus: string;
  /** In order. Others may appear in messages. */
  readonly stages: readonly StageDeclaration[];
  /** A stage update without `stageStatus` is read from its message; otherwise its stage has completed. */
  readonly inferStageStatus: boolean;
  /** The channel on which updates are published. */
  readonly channel: string;
  readonly paths: {
    readonly stream: string;
    /** Has one segment `{id}`. */
    readonly updates: string;
  };
}
