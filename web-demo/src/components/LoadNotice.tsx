import type { ApiError } from "../api";
import { Notice } from "./Notice";

/** Says that reloading failed, so the data on the page may be old. */
export function LoadNotice({ error, onRetry }: { error: ApiError; onRetry: () => void }) {
  return (
    <Notice
      action={
        <button type="button" className="button button-small" onClick={onRetry}>
          Retry
        </button>
      }
    >
      This may be out of date. {error.message}
    </Notice>
  );
}
