// Runs in the browser: streams of the package, whose raw events are observed, too. The lines are those of
// stream_clients.cpp.

import { loadCore, type RegistrationUpdate, RegistrationStream } from "regstream";
import { EventStreamParser } from "regstream/parser";

import { fingerprint } from "./fingerprint.ts";

export interface PageClient {
  readonly name: string;
  readonly registrationId: number | null;
  readonly transport: "eventsource" | "fetch";
}

declare global {
  interface Window {
    /** Starts a client. */
    followStream?: (client: PageClient) => void;
    /** Returns what was observed since the last call. */
    drainObservations?: () => string[];
    /** Makes each client write its view. */
    reportViews?: () => void;
  }
}

const core = await loadCore();
const streamUrl = "/api/registrations/updates/stream";
let lines: string[] = [];
const ends: (() => void)[] = [];

/** Sorted, since the package orders members in its own way. */
function membersOf(update: object): string {
  return JSON.stringify(Object.entries(update).sort(([left], [right]) => (left < right ? -1 : 1)));
}

window.drainObservations = () => {
  const taken = lines;
  lines = [];
  return taken;
};
window.reportViews = () => ends.forEach((end) => end());

window.followStream = ({ name, registrationId, transport }) => {
  const say = (what: string): void => void lines.push(`${Date.now()} ${name} ${what}`);
  /** Updates that came over the wire and that the package has not delivered yet. */
  const undelivered: { id: string; json: string }[] = [];

  function ask(lastEventId: string | null): void {
    undelivered.length = 0;
    say(`asks ${lastEventId === null || lastEventId === "" ? "-" : lastEventId}`);
  }

  function observe(data: string, lastEventId: string): void {
    const message = JSON.parse(data) as { type: string; data?: { id: string; registrationId: number } };
    const [, json = ""] = /^\{"type":"[a-z]+","data":(\{.*\})(?:,"timestamp":\d+)?\}$/s.exec(data) ?? [];
    switch (message.type) {
      case "connected":
      case "reset":
        return say(`${message.type} ${lastEventId}`);
      case "update":
        undelivered.push({ id: lastEventId, json });
        return say(`update ${lastEventId} ${message.data?.registrationId} ${fingerprint(json)}`);
      case "snapshot":
        return say(`snapshot ${lastEventId} ${message.data?.id} ${fingerprint(json)}`);
      case "ping":
        return;
      default:
        return say(`malformed a message of an unknown type: ${message.type}`);
    }
  }

  class ObservedEventSource extends EventSource {
    constructor(url: string) {
      super(url);
      ask(new URL(url, location.href).searchParams.get("lastEventId"));
      this.addEventListener("message", (event: MessageEvent<string>) => observe(event.data, event.lastEventId));
    }
  }

  async function observedFetch(url: string, init: RequestInit): Promise<Response> {
    const lastEventId = new Headers(init.headers).get("Last-Event-ID");
    ask(lastEventId);
    const response = await fetch(url, init);
    if (response.body === null) return response;
    const parser = new EventStreamParser(core, lastEventId === null ? {} : { lastEventId });
    const observer = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const events = parser.push(chunk);
        for (let index = 0; index < events.length; ++index) observe(events.data(index), events.lastEventId(index));
        controller.enqueue(chunk);
      },
    });
    const { status, headers } = response;
    return new Response(response.body.pipeThrough(observer), { status, headers });
  }

  /** The package must deliver everything that came over the wire, in order. */
  function onUpdate(update: RegistrationUpdate): void {
    const next = undelivered.shift();
    if (next === undefined || next.id !== update.id) {
      say(`malformed the package delivers ${update.id} where ${next?.id ?? "nothing"} came`);
    } else if (membersOf(update) !== membersOf(JSON.parse(next.json) as object)) {
      say(`malformed the package delivers another ${update.id} than came`);
    }
  }

  const stream = new RegistrationStream({
    url: streamUrl,
    ...(registrationId === null ? {} : { registrationId }),
    ...(transport === "fetch" ? { transport, fetch: observedFetch } : { transport, eventSource: ObservedEventSource }),
    onUpdate,
  });
  let [state, view] = ["", null as string | null];
  const reportView = (): void => {
    const id = stream.getSnapshot().registration?.id ?? null;
    if (id !== null && id !== view) say(`view ${id} -`);
    view = id;
  };
  stream.subscribe(() => {
    const { connection, reason } = stream.getSnapshot();
    if (connection !== state && connection !== "connecting") say(`${connection} ${reason}`);
    state = connection;
    // With fetch, raw events are observed some time before the package gets them.
    if (transport === "eventsource") reportView();
  });
  ends.push(() => {
    view = null;
    reportView();
  });
  stream.connect();
};
