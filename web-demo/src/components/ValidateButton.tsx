import { useId } from "react";

interface ValidateButtonProps {
  /** Why the button is disabled; null if it is enabled. */
  readonly disabledReason: string | null;
  readonly onValidate: () => void;
}

export function ValidateButton({ disabledReason, onValidate }: ValidateButtonProps) {
  const reasonId = useId();
  const isDisabled = disabledReason !== null;
  return (
    <div className="validate">
      <button
        type="button"
        className="button button-primary"
        // `disabled` would take the keyboard's focus from the button that was just pressed.
        aria-disabled={isDisabled}
        aria-describedby={isDisabled ? reasonId : undefined}
        onClick={isDisabled ? undefined : onValidate}
      >
        {isDisabled && <span className="spinner" aria-hidden="true" />}
        Validate Customer
      </button>
      {/* Always in the document, so that nothing below moves when the reason appears. */}
      <p id={reasonId} className="validate-reason">
        {disabledReason}
      </p>
    </div>
  );
}
