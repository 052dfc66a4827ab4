import type { ApiError } from "../api";
import { Message } from "./Message";

interface LoadFailedProps {
  readonly title: string;
  readonly error: ApiError;
  readonly isLoading: boolean;
  readonly onRetry: () => void;
}

/** Stands where data would that could not be loaded. */
export function LoadFailed({ title, error, isLoading, onRetry }: LoadFailedProps) {
  return (
    <Message
      icon="unplugged"
      title={title}
      isAlert
      action={
        <button type="button" className="button" onClick={onRetry} disabled={isLoading}>
          Retry
        </button>
      }
    >
      {error.message}
    </Message>
  );
}
