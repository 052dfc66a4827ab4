/**
 * Writes a TypeScript module for a declaration. TypeScript widens the texts of an imported JSON file to `string`, so
 * importing the JSON would lose the names.
 */

import type { WorkflowDeclaration } from "./declaration.js";

/** The import of the function that makes the workflow. */
export interface ModuleImport {
  readonly name: string;
  readonly from: string;
}

/** The identifier for a workflow's name: "csv-import" → "csvImport". */
export function identifierOf(name: string): string {
  return name.replace(/-+(.?)/g, (_dashes, letter: string) => letter.toUpperCase());
}

const idTypes = { integer: "number", text: "string" } as const;

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A one-line comment, whatever text the declaration has. */
function comment(text: string): string {
  return `/** ${text.replace(/\s+/g, " ").trim().replaceAll("*/", "*\\/")} */`;
}

interface Named {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
}

/** "Customer approved. A scheduled job …" */
function explained({ title, description }: Named): string {
  const parts = [title ?? "", description ?? ""].filter((part) => part !== "");
  return parts.map((part) => (/[.!?…]$/.test(part) ? part : `${part}.`)).join(" ");
}

function union(type: string, meaning: string, members: readonly Named[]): string {
  const lines = members.flatMap((member) => {
    const said = explained(member);
    return [...(said === "" ? [] : [`  ${comment(said)}`]), `  | ${JSON.stringify(member.name)}`];
  });
  const choice = lines.length === 0 ? " never;" : `\n${lines.join("\n")};`;
  return `${comment(meaning)}\nexport type ${type} =${choice}\n`;
}

/** JSON as people write JavaScript: without quotes around keys that need none. Only keys begin a line. */
function literal(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/^( *)"([A-Za-z_]\w*)":/gm, "$1$2:");
}

/**
 * The module's text; the same declaration always gives the same text. `source` is the declaration's file as the first
 * line names it.
 */
export function moduleText(declaration: WorkflowDeclaration, source: string, define: ModuleImport): string {
  const { $schema: _editors, ...members } = declaration;
  const { name, statuses, stages, id } = members;
  const value = identifierOf(name);
  const type = capitalised(value);
  const definition = `${define.name}(${literal(members)})`;
  return [
    `// Written from ${source} by regstream-workflow. Change that file, and run it again.\n`,
    `import { ${define.name} } from ${JSON.stringify(define.from)};\n`,
    `${comment(`The workflow "${name}".`)}\nexport const ${value}Workflow = /* @__PURE__ */ ${definition};\n`,
    `export type ${type}Workflow = typeof ${value}Workflow;\n`,
    `${comment(`What names an instance, in the member ${id.member}.`)}\nexport type ${type}Id = ${idTypes[id.kind]};\n`,
    union(`${type}Status`, "The declared statuses, in order. Messages may have others, which are open.", statuses),
    union(
      `${type}FinalStatus`,
      "The statuses by which an instance has ended.",
      statuses.filter(({ kind }) => kind !== "open").map(({ name: status }) => ({ name: status })),
    ),
    union(`${type}Stage`, "The declared stages, in order. Messages may have others.", stages),
  ].join("\n");
}
