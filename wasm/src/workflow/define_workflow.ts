import { checkDeclaration } from "./check_declaration.js";
import type { WorkflowDeclaration } from "./declaration.js";
import type { Workflow } from "./workflow.js";
import { frozenWorkflow } from "./workflow.js";

/**
 * A workflow from its declaration, whose names are kept as types. Throws DeclarationError, a TypeError, where the
 * declaration breaks a rule. What it gives is a copy: changing the declaration afterwards changes nothing.
 */
export function defineWorkflow<const D extends WorkflowDeclaration>(declaration: D): Workflow<D> {
  checkDeclaration(declaration);
  const { $schema: _editors, ...copy } = JSON.parse(JSON.stringify(declaration)) as D;
  return frozenWorkflow(copy as D);
}
