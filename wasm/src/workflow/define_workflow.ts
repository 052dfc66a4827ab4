import { checkDeclaration } from "./check_declaration.js";
import type { WorkflowDeclaration } from "./declaration.js";
import type { Workflow } from "./workflow.js";
import { frozenWorkflow } from "./workflow.js";

/**
 * Makes a workflow from its declaration and keeps its names as types. Throws DeclarationError, a TypeError, if the
 * declaration breaks a rule. The result is a copy: later changes to the declaration have no effect.
 */
export function defineWorkflow<const D extends WorkflowDeclaration>(declaration: D): Workflow<D> {
  checkDeclaration(declaration);
  const { $schema: _editors, ...copy } = JSON.parse(JSON.stringify(declaration)) as D;
  return frozenWorkflow(copy as D);
}
