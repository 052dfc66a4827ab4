import { useId } from "react";

export interface TextFieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly type?: "text" | "tel" | "email";
  readonly isRequired?: boolean;
  readonly error: string | null;
}

/** An input with its label, hint and error. */
export function TextField(field: TextFieldProps) {
  const { name, label, hint, type = "text", isRequired = false, error } = field;
  const id = useId();
  const describedBy = error !== null ? `${id}-error` : hint !== undefined ? `${id}-hint` : undefined;
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {!isRequired && <span className="field-optional"> (optional)</span>}
      </label>
      <input
        id={id}
        name={name}
        type={type}
        autoComplete="off"
        required={isRequired}
        aria-invalid={error !== null}
        aria-describedby={describedBy}
      />
      {error !== null ? (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      ) : (
        hint !== undefined && (
          <p id={`${id}-hint`} className="field-hint">
            {hint}
          </p>
        )
      )}
    </div>
  );
}
