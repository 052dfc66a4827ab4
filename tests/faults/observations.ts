import { type EventId, parseEventId } from "./event_id.ts";

/** What one client saw, with the time in milliseconds since the Unix epoch. */
export type Observation = {
  readonly atMs: number;
  readonly client: string;
} & (
  | { readonly kind: "idle" | "authorizing" | "connecting" | "open" | "waiting" | "closed"; readonly why: string }
  /** A page's attempt, with the cursor that it resumes after; null: none. */
  | { readonly kind: "asks"; readonly cursor: EventId | null }
  | { readonly kind: "connected"; readonly id: EventId }
  | { readonly kind: "update"; readonly id: EventId; readonly registrationId: number; readonly fingerprint: string }
  | { readonly kind: "reset"; readonly id: EventId }
  | { readonly kind: "snapshot"; readonly id: EventId; readonly viewId: EventId; readonly fingerprint: string }
  /**
   * The client's view, and whether it says that updates may have been missed. A page's view has neither a fingerprint
   * nor that flag: null.
   */
  | {
      readonly kind: "view";
      readonly id: EventId;
      readonly fingerprint: string | null;
      readonly hasGap: boolean | null;
    }
  | { readonly kind: "malformed"; readonly what: string }
);

/** Reads a line of stream_clients.cpp or stream_page.ts. */
export function parseObservation(line: string): Observation {
  const [time = "", client = "", kind = "", ...rest] = line.split(" ");
  const [first = "", second = "", third = ""] = rest;
  const common = { atMs: Number(time), client };
  switch (kind) {
    case "idle":
    case "authorizing":
    case "connecting":
    case "open":
    case "waiting":
    case "closed":
      return { ...common, kind, why: rest.join(" ") };
    case "asks":
      return { ...common, kind, cursor: first === "-" ? null : parseEventId(first) };
    case "connected":
    case "reset":
      return { ...common, kind, id: parseEventId(first) };
    case "update":
      return { ...common, kind, id: parseEventId(first), registrationId: Number(second), fingerprint: third };
    case "snapshot":
      return { ...common, kind, id: parseEventId(first), viewId: parseEventId(second), fingerprint: third };
    case "view":
      return {
        ...common,
        kind,
        id: parseEventId(first),
        fingerprint: second === "-" ? null : second,
        hasGap: third === "" ? null : third === "gap",
      };
    case "malformed":
      return { ...common, kind, what: rest.join(" ") };
    default:
      throw new Error(`not an observation: ${line}`);
  }
}
