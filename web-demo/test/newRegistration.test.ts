import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type FieldName, formFields, noErrors, readForm, sortErrors } from "../src/data/newRegistration";

const typed = {
  customerName: " Abebe Kebede ",
  customerNumber: "1000234",
  phone: "\t+251911234567",
  branch: "Bole",
  nationalId: "ET-778\n",
};

describe("reading the form", () => {
  // Node's FormData accepts no form. This one is made from the typed values.
  let values: Readonly<Record<string, string>> = {};
  const form = {} as HTMLFormElement;

  beforeEach(() => {
    vi.stubGlobal(
      "FormData",
      class {
        get(name: string): string | null {
          return values[name] ?? null;
        }
      },
    );
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("trims the values", () => {
    values = { ...typed, email: " abebe@example.com " };
    expect(readForm(form)).toEqual({
      customerName: "Abebe Kebede",
      customerNumber: "1000234",
      phone: "+251911234567",
      branch: "Bole",
      nationalId: "ET-778",
      email: "abebe@example.com",
    });
  });

  it("leaves out an empty email, which the backend would refuse", () => {
    values = { ...typed, email: "  " };
    expect(readForm(form)).not.toHaveProperty("email");
  });

  it("sends a missing required field as empty, so that the backend names it", () => {
    const { phone: _, ...rest } = typed;
    values = rest;
    expect(readForm(form).phone).toBe("");
  });
});

describe("sorting a problem's detail by field", () => {
  it("gives each field its sentence, which begins with the label", () => {
    const { fields, form } = sortErrors("phone must not be empty; email must look like name@example.com.");
    expect([...fields]).toEqual([
      ["phone", "Phone must not be empty."],
      ["email", "Email must look like name@example.com."],
    ]);
    expect(form).toBeNull();
  });

  it("knows every field of the form", () => {
    for (const { name, label } of formFields) {
      const expected: [FieldName, string] = [name, `${label} must be text.`];
      expect([...sortErrors(`${name} must be text.`).fields]).toEqual([expected]);
    }
  });

  it("gives the form each part that begins with no field's name", () => {
    const { fields, form } = sortErrors(
      "phone must not be empty; 'phones' is not a field of a registration; and more.",
    );
    expect([...fields.keys()]).toEqual(["phone"]);
    expect(form).toBe("'phones' is not a field of a registration; and more.");
  });

  it("does not mistake the beginning of a longer word for a field", () => {
    expect(sortErrors("phoneNumber must not be empty.")).toEqual({
      ...noErrors,
      form: "phoneNumber must not be empty.",
    });
  });
});
