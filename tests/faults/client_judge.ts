import { compare, type EventId, isBeforeAll, textOf } from "./event_id.ts";
import type { History } from "./history.ts";
import type { Observation } from "./observations.ts";

/** A client of the run. */
export interface Client {
  readonly name: string;
  /** Null: it follows all of them. */
  readonly registrationId: number | null;
  /**
   * True for a page. Its raw events are observed before the package gets them, so that it may ask for the last ones
   * again.
   */
  readonly isPage: boolean;
}

/** Why a client was sent a reset. */
export type ResetCause =
  /** The history that its cursor belonged to was lost. */
  | "epoch"
  /** It was cut off between a `connected` event or reset without a position and the event that names one (hub.hpp). */
  | "cut"
  /** It came from a gateway that knew more than the new one, which should have caught up first. */
  | "ahead"
  /** None of these. */
  | "unaccounted";

/** What a judge needs beside the history. */
export interface Views {
  /** The fingerprint of a registration's view after the update with this id. */
  fingerprintAt(id: EventId): string | undefined;
}

/** The time at which a client had everything up to a position. */
export interface Step {
  readonly atMs: number;
  readonly position: EventId;
}

/**
 * Compares what one client saw with the history. After its connected event it must get every update that concerns it
 * and follows its cursor: once, in order and unchanged. Or it gets a reset, which needs a cause, and everything after
 * that position.
 */
export class ClientJudge {
  readonly violations: string[] = [];
  readonly resets: Record<ResetCause, number> = { epoch: 0, cut: 0, ahead: 0, unaccounted: 0 };
  readonly steps: Step[] = [];
  /** When a stream was lost, and when one was open again; null: not yet. */
  readonly outages: { readonly fromMs: number; untilMs: number | null }[] = [];
  updates = 0;
  snapshots = 0;
  connections = 0;

  /** The event that has to come before any update. */
  private due: "connected" | "reset" | "snapshot" | "nothing" = "connected";
  /** The id of the last event that had one; null: none so far. */
  private cursor: EventId | null = null;
  /** The cursor of the current attempt. */
  private asked: EventId | null = null;
  /** Everything up to here was delivered, or is in a snapshot. */
  private position: EventId | null = null;
  /** Resets whose position is still to come. */
  private openResets: OpenReset[] = [];
  private viewId: EventId | null = null;
  /** A reset came, and no snapshot since: the view has to say that updates may have been missed. */
  private hasGap = false;
  private isLost = false;

  constructor(
    readonly client: Client,
    private readonly history: History,
    private readonly views: Views,
  ) {}

  observe(observation: Observation): void {
    const { atMs } = observation;
    switch (observation.kind) {
      case "idle":
      case "authorizing":
        return;
      case "connecting":
        this.asked = this.cursor;
        this.due = "connected";
        return;
      case "asks":
        return this.onAsks(observation.cursor);
      case "open":
        return this.onOpen(atMs);
      case "waiting":
        return this.onLost(atMs);
      case "closed":
        return this.fail(`its stream was closed for good: ${observation.why}`);
      case "connected":
        return this.onConnected(observation.id, atMs);
      case "update":
        return this.onUpdate(observation.id, observation.registrationId, observation.fingerprint, atMs);
      case "reset":
        return this.onReset(observation.id, atMs);
      case "snapshot":
        return this.onSnapshot(observation.id, observation.viewId, observation.fingerprint, atMs);
      case "view":
        return this.onView(observation.id, observation.fingerprint, observation.hasGap);
      case "malformed":
        return this.fail(`it heard what it could not read: ${observation.what}`);
    }
  }

  /** Judges the end, after all faults, once everything published since has had time to arrive. */
  end(): void {
    const end = this.history.end;
    if (end === null) return;
    if (this.position === null || this.due !== "nothing") {
      return this.fail("at the end it still waits for what the connected event announced");
    }
    if (this.position.epoch !== end.epoch) {
      return this.fail(`at the end it stands at ${textOf(this.position)}, and the history at ${textOf(end)}`);
    }
    const { registrationId } = this.client;
    const missed = this.history.nextAfter(this.position, registrationId);
    if (missed !== null) {
      this.fail(`at the end it stands at ${textOf(this.position)}, and has not had ${textOf(missed)}: lost`);
    }
    if (registrationId === null) return;
    const last = this.history.lastUpTo(end, registrationId);
    if (last === null) return;
    if (this.viewId === null || compare(this.viewId, last) !== 0) {
      this.fail(`at the end it shows its registration as of ${named(this.viewId)}, not as of ${textOf(last)}`);
    }
  }

  private fail(what: string): void {
    this.violations.push(`${this.client.name}: ${what}`);
  }

  private onAsks(cursor: EventId | null): void {
    const isSame = cursor === null ? this.cursor === null : this.cursor !== null && compare(cursor, this.cursor) === 0;
    if (!isSame) {
      const isEarlier = this.cursor !== null && (cursor === null || compare(cursor, this.cursor) < 0);
      if (!this.client.isPage || !isEarlier) {
        this.fail(`it asks for what comes after ${named(cursor)}, but its last event was ${named(this.cursor)}`);
      }
      this.cursor = cursor;
      if (cursor !== null && !isBeforeAll(cursor)) this.position = cursor;
    }
    this.asked = this.cursor;
    this.due = "connected";
  }

  private onOpen(atMs: number): void {
    this.connections += 1;
    this.isLost = false;
    const outage = this.outages.at(-1);
    if (outage !== undefined && outage.untilMs === null) outage.untilMs = atMs;
  }

  private onLost(atMs: number): void {
    if (this.isLost || this.connections === 0) return;
    this.isLost = true;
    this.outages.push({ fromMs: atMs, untilMs: null });
  }

  private onConnected(id: EventId, atMs: number): void {
    if (this.due !== "connected") this.fail("it gets a second connected event");
    this.cursor = id;
    if (isBeforeAll(id)) {
      this.due = this.asked === null ? "snapshot" : "reset";
      return;
    }
    this.due = "nothing";
    if (this.asked === null) {
      this.establish(id, atMs);
    } else if (compare(this.asked, id) !== 0) {
      this.fail(`it asked for what comes after ${textOf(this.asked)}, and the connected event says ${textOf(id)}`);
    }
  }

  private onUpdate(id: EventId, registrationId: number, fingerprint: string, atMs: number): void {
    const name = textOf(id);
    const { position } = this;
    this.updates += 1;
    this.cursor = id;
    if (this.due !== "nothing" || position === null) {
      this.due = "nothing";
      this.position = id;
      return this.fail(`the update ${name} comes before what the connected event announced`);
    }
    this.position = id;
    const entry = this.history.entry(id);
    if (entry === undefined) return this.fail(`the update ${name} was never in the history`);
    if (entry.fingerprint !== fingerprint || entry.registrationId !== registrationId) {
      this.fail(`the update ${name} is corrupted: it is not what was published`);
    }
    const { registrationId: followed } = this.client;
    if (followed !== null && entry.registrationId !== followed) {
      this.fail(`the update ${name} concerns registration ${entry.registrationId}, not its own ${followed}`);
    }
    if (id.epoch !== position.epoch) {
      return this.fail(`the update ${name} follows on ${textOf(position)} of another epoch, without a reset`);
    }
    const order = compare(id, position);
    if (order <= 0) {
      return this.fail(
        `the update ${name} comes after ${textOf(position)}: duplicated${order === 0 ? "" : " or out of order"}`,
      );
    }
    const missed = this.history.nextAfter(position, followed);
    if (missed !== null && compare(missed, id) < 0) {
      this.fail(`the update ${name} comes after ${textOf(position)}, without ${textOf(missed)}: lost or out of order`);
    }
    this.steps.push({ atMs, position: id });
  }

  private onReset(id: EventId, atMs: number): void {
    if (this.due !== "nothing" && this.due !== "reset")
      this.fail("a reset comes where the connected event announced something else");
    this.cursor = id;
    this.viewId = null;
    this.hasGap = true;
    this.openResets.push({
      isOnConnect: this.due === "reset",
      hadNone: this.due === "reset" && this.asked !== null && isBeforeAll(this.asked),
    });
    this.due = "snapshot";
    if (!isBeforeAll(id)) {
      this.due = "nothing";
      this.establish(id, atMs);
    }
  }

  private onSnapshot(id: EventId, viewId: EventId, fingerprint: string, atMs: number): void {
    this.snapshots += 1;
    if (this.due !== "snapshot") this.fail(`the snapshot ${textOf(id)} comes unannounced`);
    this.due = "nothing";
    this.cursor = id;
    this.establish(id, atMs);
    const { registrationId } = this.client;
    const last = registrationId === null ? null : this.history.lastUpTo(id, registrationId);
    if (last === null || compare(last, viewId) !== 0) {
      this.fail(
        `the snapshot ${textOf(id)} is as of ${textOf(viewId)}, but the last update up to there is ${named(last)}`,
      );
    } else if (this.views.fingerprintAt(viewId) !== fingerprint) {
      this.fail(`the snapshot ${textOf(id)} does not agree with the updates up to there`);
    }
    this.hasGap = false;
    this.onView(viewId, null, null);
  }

  /** Sets the position from which everything is expected, and finds the causes of the resets before it. */
  private establish(position: EventId, atMs: number): void {
    const before = this.position;
    if (!this.history.hasPosition(position)) {
      this.fail(`its position is set to ${textOf(position)}, which was never in the history`);
    }
    for (const reset of this.openResets.splice(0)) {
      const cause = causeOf(before, position, reset);
      this.resets[cause] += 1;
      if (cause === "unaccounted" || cause === "ahead") {
        const was = cause === "ahead" ? "it is ahead of the gateway" : "unaccounted";
        this.fail(`a reset takes it from ${named(before)} to ${textOf(position)}: ${was}`);
      }
    }
    this.position = position;
    this.steps.push({ atMs, position });
  }

  private onView(id: EventId, fingerprint: string | null, hasGap: boolean | null): void {
    if (hasGap !== null && hasGap !== this.hasGap) {
      this.fail(`what it shows as of ${textOf(id)} says that updates may ${hasGap ? "" : "not "}have been missed`);
    }
    if (this.viewId !== null && compare(id, this.viewId) < 0) {
      this.fail(`its view goes back from ${textOf(this.viewId)} to ${textOf(id)}`);
    }
    this.viewId = id;
    if (fingerprint !== null && this.views.fingerprintAt(id) !== fingerprint) {
      this.fail(`what it shows as of ${textOf(id)} does not agree with the updates up to there`);
    }
  }
}

function named(id: EventId | null): string {
  return id === null ? "none" : textOf(id);
}

interface OpenReset {
  /** It followed the connected event: the client's cursor could not be served. */
  readonly isOnConnect: boolean;
  /** That cursor was before all histories. */
  readonly hadNone: boolean;
}

function causeOf(before: EventId | null, after: EventId, { isOnConnect, hadNone }: OpenReset): ResetCause {
  if (before !== null && compare(after, before) < 0) return "ahead";
  if (before !== null && after.epoch > before.epoch) return "epoch";
  if (hadNone) return "cut";
  // The gateway has caught up between judging the cursor and sending the snapshot.
  return isOnConnect ? "ahead" : "unaccounted";
}
