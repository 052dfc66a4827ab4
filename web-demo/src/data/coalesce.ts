/**
 * Calls `work` when asked, one call at a time: however often it is asked while one is under way, one
 * more follows.
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
