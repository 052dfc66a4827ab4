import { RegistrationStream } from "../browser/stream.js";
import type { StreamSnapshot, TransportName } from "../browser/stream_options.js";
import { defaultStreamUrl, idleSnapshot } from "../browser/stream_options.js";
import type { RegistrationUpdate } from "../shared/messages.js";

/** Which stream: users of the same url, registration and transport share one. */
export interface SharedStreamKey {
  readonly url?: string | undefined;
  readonly registrationId?: number | undefined;
  readonly transport?: TransportName | undefined;
}

/** One user's hold on a shared stream. */
export interface StreamLease {
  readonly stream: RegistrationStream;
  /** This user wants the stream connected. */
  connect(): void;
  /** This user no longer does, and hears nothing more of updates; the stream closes, at once, when nobody wants it. */
  disconnect(): void;
  /** The same, but the stream closes a microtask later: somebody may want it by then. */
  leave(): void;
  /** Calls `listener` once for each update, in order, but while this user is disconnected; returns what ends that. */
  subscribeToUpdates(listener: (update: RegistrationUpdate) => void): () => void;
  /** Ends the hold, and with the last one the stream. */
  release(): void;
}

interface SharedStream {
  readonly stream: RegistrationStream;
  readonly holders: Set<StreamLease>;
  readonly wishes: Set<StreamLease>;
}

const streams = new Map<string, SharedStream>();

function keyOf({ url = defaultStreamUrl, registrationId, transport }: SharedStreamKey): string {
  return `${registrationId ?? "all"} ${transport ?? "any"} ${url}`;
}

/**
 * A hold on the stream of `key`. Letting go takes effect a microtask later: a component that unmounts
 * and mounts again within one commit, as in React's strict mode, keeps its connection.
 */
export function acquireStream(key: SharedStreamKey): StreamLease {
  const name = keyOf(key);
  let shared = streams.get(name);
  if (shared === undefined) {
    shared = {
      stream: new RegistrationStream(key),
      holders: new Set(),
      wishes: new Set(),
    };
    streams.set(name, shared);
  }
  const { stream, holders, wishes } = shared;

  const settle = () => {
    if (wishes.size === 0 && stream.getSnapshot().connection !== "idle") {
      stream.close();
    }
    if (holders.size === 0 && streams.get(name)?.stream === stream) {
      streams.delete(name);
    }
  };
  let hearsUpdates = true;
  const lease: StreamLease = {
    stream,
    connect() {
      if (holders.has(lease)) {
        hearsUpdates = true;
        wishes.add(lease);
        stream.connect();
      }
    },
    disconnect() {
      hearsUpdates = false;
      if (wishes.delete(lease)) {
        settle();
      }
    },
    leave() {
      hearsUpdates = false;
      if (wishes.delete(lease) && wishes.size === 0) {
        queueMicrotask(settle);
      }
    },
    subscribeToUpdates(listener) {
      return stream.subscribeToUpdates((update) => {
        if (hearsUpdates) {
          listener(update);
        }
      });
    },
    release() {
      wishes.delete(lease);
      if (holders.delete(lease) && (holders.size === 0 || wishes.size === 0)) {
        queueMicrotask(settle);
      }
    },
  };
  holders.add(lease);
  return lease;
}

/** The snapshot of `key`'s stream; the idle one while nobody holds it. Creates nothing. */
export function peekSnapshot(key: SharedStreamKey): StreamSnapshot {
  return streams.get(keyOf(key))?.stream.getSnapshot() ?? idleSnapshot;
}

/** How many streams are held now. */
export function sharedStreamCount(): number {
  return streams.size;
}
