import { useId } from "react";

interface ValidateButtonProps {
  /** Why it can't be pressed now; null: it can. */
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
        // Not `disabled`, which would take the keyboard's focus away from who has just pressed it.
        aria-disabled={isDisabled}
        aria-describedby={isDisabled ? reasonId : undefined}
        onClick={isDisabled ? undefined : onValidate}
      >
        {isDisabled && <span className="spinner" aria-hidden="true" />}
        Validate Customer
      </button>
      {/* There all the time, so that nothing below moves when a reason comes and goes. */}
      <p id={reasonId} className="validate-reason">
        {disabledReason}
      </p>
    </div>
  );
}
