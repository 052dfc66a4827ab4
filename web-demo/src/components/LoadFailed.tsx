import type { ApiError } from "../api";
import { Message } from "./Message";

interface LoadFailedProps {
  readonly title: string;
  readonly error: ApiError;
  readonly isLoading: boolean;
  readonly onRetry: () => void;
}

const accessTitles: Readonly<Record<number, string>> = {
  401: "You are not signed in",
  403: "You don’t have access",
};

/** Shown in place of data that could not be loaded. */
export function LoadFailed({ title, error, isLoading, onRetry }: LoadFailedProps) {
  return (
    <Message
      icon="unplugged"
      title={accessTitles[error.status] ?? title}
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
