import { type FormEvent, type SyntheticEvent, useEffect, useId, useLayoutEffect, useRef, useState } from "react";

import { asApiError, createRegistration } from "../api";
import type { Registration } from "../data/model";
import { formFields, noErrors, readForm, sortErrors } from "../data/newRegistration";
import { Notice } from "./Notice";
import { TextField } from "./TextField";

interface NewRequestDialogProps {
  readonly onCreated: (registration: Registration) => void;
  readonly onClose: () => void;
}

/**
 * The form for a new request, in a native modal dialog: it keeps the focus, and Escape closes it. While the request is
 * being sent Escape does nothing, because it can't be taken back.
 */
export function NewRequestDialog({ onCreated, onClose }: NewRequestDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const titleId = useId();
  const [errors, setErrors] = useState(noErrors);
  const [isSending, setSending] = useState(false);
  const sending = useRef<AbortController | null>(null);

  // The clean-up of a layout effect runs while the dialog is still in the document. Closing it then returns the focus
  // to where it was.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      sending.current?.abort();
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the errors decide which field is marked as invalid
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [errors]);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const { signal } = (sending.current = new AbortController());
    setSending(true);
    try {
      const registration = await createRegistration(readForm(event.currentTarget), signal);
      if (!signal.aborted) onCreated(registration);
    } catch (error) {
      if (signal.aborted) return;
      const { status, message } = asApiError(error);
      setErrors(status === 400 ? sortErrors(message) : { ...noErrors, form: message });
      setSending(false);
    }
  }

  function cancel(event: SyntheticEvent): void {
    if (isSending) event.preventDefault();
  }

  // A second Escape closes the dialog whatever `cancel` does. In strict mode React opens it again at once.
  function leave(): void {
    if (dialog.current?.open !== true) onClose();
  }

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onCancel={cancel} onClose={leave}>
      {/* The server validates: then there is one set of rules, and one place with their messages. */}
      <form ref={form} noValidate onSubmit={(event) => void submit(event)}>
        <h2 id={titleId}>New request</h2>
        {errors.form !== null && <Notice>{errors.form}</Notice>}
        <div className="field-grid">
          {formFields.map((field) => (
            <TextField key={field.name} {...field} error={errors.fields.get(field.name) ?? null} />
          ))}
        </div>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose} disabled={isSending}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={isSending}>
            {isSending && <span className="spinner" aria-hidden="true" />}
            Create request
          </button>
        </div>
      </form>
    </dialog>
  );
}
