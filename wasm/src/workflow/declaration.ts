/** The types of a workflow's declaration; docs/workflow.schema.json describes the file. */

/** What a status means: the instance goes on, has ended, or has ended and failed. */
export type StatusKind = "open" | "final" | "failed";

/** The kind of an instance's id: a number from 1 to 2^53 - 1, or a text. */
export type IdKind = "integer" | "text";

export interface StatusDeclaration {
  /** As in messages. */
  readonly name: string;
  readonly kind: StatusKind;
  /** For people. */
  readonly title?: string;
  /** For people. */
  readonly description?: string;
}

export interface StageDeclaration {
  /** As in messages. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** For people. */
  readonly description?: string;
}

export interface WorkflowDeclaration {
  /** For editors; ignored here. */
  readonly $schema?: string;
  readonly name: string;
  /** The member of messages that names the instance; also the parameter of a stream's query. */
  readonly id: { readonly member: string; readonly kind: IdKind };
  /** In order. Messages may have others, which are open. */
  readonly statuses: readonly StatusDeclaration[];
  /** The open status that a stage update carries. */
  readonly stageUpdateStatus: string;
  /** In order. Messages may have others. */
  readonly stages: readonly StageDeclaration[];
  /**
   * True: the status of a stage update without `stageStatus` is inferred from its message. False: its stage has
   * completed.
   */
  readonly inferStageStatus: boolean;
  /** The channel on which updates are published. */
  readonly channel: string;
  readonly paths: {
    readonly stream: string;
    /** Has one segment `{id}`. */
    readonly updates: string;
  };
}
