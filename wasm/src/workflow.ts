export { DeclarationError } from "./workflow/check_declaration.js";
export type {
  IdKind,
  StageDeclaration,
  StatusDeclaration,
  StatusKind,
  WorkflowDeclaration,
} from "./workflow/declaration.js";
export { defineWorkflow } from "./workflow/define_workflow.js";
export type { FinalStatusOf, IdOf, StageOf, StatusOf, Workflow } from "./workflow/workflow.js";
export { finalStatuses, isFinalStatus, statusNamed } from "./workflow/workflow.js";
export { registrationWorkflow } from "./generated/registration.js";
