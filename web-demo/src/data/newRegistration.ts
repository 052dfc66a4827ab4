import type { NewRegistration } from "./model";

export type FieldName = keyof NewRegistration;

export interface FormField {
  readonly name: FieldName;
  readonly label: string;
  readonly hint?: string;
  readonly type?: "tel" | "email";
  readonly isRequired: boolean;
}

export const formFields: readonly FormField[] = [
  { name: "customerName", label: "Customer name", isRequired: true },
  {
    name: "customerNumber",
    label: "Customer number",
    hint: "As in core banking",
    isRequired: true,
  },
  { name: "phone", label: "Phone", type: "tel", hint: "With country code", isRequired: true },
  { name: "email", label: "Email", type: "email", isRequired: false },
  { name: "branch", label: "Branch", isRequired: true },
  { name: "nationalId", label: "National ID", isRequired: true },
];

/** The values of the form. An optional field that is empty is left out. */
export function readForm(form: HTMLFormElement): NewRegistration {
  const data = new FormData(form);
  const text = (name: FieldName): string => {
    const value = data.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  const email = text("email");
  return {
    customerName: text("customerName"),
    customerNumber: text("customerNumber"),
    phone: text("phone"),
    branch: text("branch"),
    nationalId: text("nationalId"),
    ...(email === "" ? {} : { email }),
  };
}

export interface FormErrors {
  readonly fields: ReadonlyMap<FieldName, string>;
  /** The part that belongs to no field. */
  readonly form: string | null;
}

export const noErrors: FormErrors = { fields: new Map(), form: null };

/**
 * Sorts the parts of a problem's detail by field. Each part begins with the field's name:
 * "phone must not be empty; email must look like name@example.com." Any other part belongs to the form.
 */
export function sortErrors(detail: string): FormErrors {
  const fields = new Map<FieldName, string>();
  const rest: string[] = [];
  for (const part of detail.replace(/\.$/, "").split("; ")) {
    const field = formFields.find(({ name }) => part.startsWith(`${name} `));
    if (field === undefined) {
      rest.push(part);
    } else {
      fields.set(field.name, `${field.label}${part.slice(field.name.length)}.`);
    }
  }
  return { fields, form: rest.length === 0 ? null : `${rest.join("; ")}.` };
}
