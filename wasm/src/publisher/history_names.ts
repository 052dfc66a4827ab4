interface HistoryNames {
  readonly history: string;
  readonly server: string;
  /** A pattern of all keys, for Redis's ACL. */
  readonly allKeys: string;
  /** Where the script keeps for a while which batches a publisher has sent last. */
  publisher(name: string): string;
  /** Where it keeps for a while the id of an update that its application gave a key. */
  update(key: string): string;
}

/**
 * The names of a workflow's keys in Redis: they follow from its channel (native/broker/history_names.hpp). The braces
 * keep them in one slot of a cluster.
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
