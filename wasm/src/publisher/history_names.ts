interface HistoryNames {
  readonly history: string;
  readonly server: string;
  /** A pattern that matches all keys, for Redis's ACL. */
  readonly allKeys: string;
  /** The key under which the script keeps a publisher's last batches for a while. */
  publisher(name: string): string;
  /** The key under which it keeps, for a while, the id of an update with an idempotency key. */
  update(key: string): string;
}

/**
 * The names of a workflow's keys in Redis, derived from its channel (native/broker/history_names.hpp). The braces keep
 * all keys in one slot of a cluster.
 */
export function historyNames(channel: string): HistoryNames {
  const tag = `{${channel}}:`;
  return {
    history: `${tag}history`,
    server: `${tag}server`,
    allKeys: `${tag}*`,
    publisher: (name) => `${tag}publisher:${name}`,
    update: (key) => `${tag}key:${key}`,
  };
}
