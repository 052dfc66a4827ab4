// Generated from native/broker/passing_errors.json by generate.mjs.

/** What Redis answers while it takes no calls, or no writes, from anybody; the script has written nothing then. */
export interface PassingError {
  /** The first word of the reply. */
  readonly code: string;
  /** The end of a sentence about Redis. */
  readonly reason: string;
  /** Another server may have the address by now, and take writes. */
  readonly needsNewConnection?: boolean;
}

export const passingErrors: readonly PassingError[] = [
  {
    "code": "BUSY",
    "reason": "it is busy with another client's script"
  },
  {
    "code": "CLUSTERDOWN",
    "reason": "its cluster is down"
  },
  {
    "code": "LOADING",
    "reason": "it is still loading its data: wait until it is done"
  },
  {
    "code": "MASTERDOWN",
    "reason": "it is a replica that has lost its primary",
    "needsNewConnection": true
  },
  {
    "code": "MISCONF",
    "reason": "it can't save its data to disk, and refuses to write: see its log"
  },
  {
    "code": "NOAUTH",
    "reason": "it wants a password",
    "needsNewConnection": true
  },
  {
    "code": "NOREPLICAS",
    "reason": "it has fewer replicas than it needs to write (min-replicas-to-write)"
  },
  {
    "code": "OOM",
    "reason": "it has no memory left: raise maxmemory"
  },
  {
    "code": "READONLY",
    "reason": "it is a replica: check that the address leads to the primary",
    "needsNewConnection": true
  },
  {
    "code": "TRYAGAIN",
    "reason": "its cluster is moving the keys"
  }
];
