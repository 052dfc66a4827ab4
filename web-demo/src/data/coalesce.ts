/**
 * Returns a function that calls `work`, never twice at a time. Any number of calls while `work` is running cause one
 * more run after it.
 */
export function coalesce(work: () => Promise<unknown>): () => void {
  let isRunning = false;
  let isQueued = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    try {
      do {
        isQueued = false;
        await work();
      } while (isQueued);
    } finally {
      isRunning = false;
    }
  };
  return () => {
    if (isRunning) isQueued = true;
    else void run();
  };
}
