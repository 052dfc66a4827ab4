import { describe, expect, it } from "vitest";

import { openEventSource } from "../../src/browser/event_source_transport.js";
import { ticketsOf, withCursor, withQuery, withTicket } from "../../src/browser/transport.js";
import { createNetwork } from "../fakes.js";

function open() {
  const network = createNetwork();
  const log: string[] = [];
  const close = openEventSource(network.EventSource, "/stream", false, {
    responded: ({ status, isEventStream }) => log.push(`responded ${status} ${isEventStream}`),
    bytes: () => log.push("bytes"),
    message: (data, id) => log.push(`message ${data} ${id ?? "-"}`),
    ended: (end) => log.push(end),
  });
  return { source: network.last, network, log, close };
}

describe("one attempt with an EventSource", () => {
  it("reports the open, and each message with the id that it changed", () => {
    const { source, log } = open();
    source.accept();
    source.send("a");
    source.send("b", "1-1");
    source.send("c", "1-1");
    source.send("d", "1-2");
    source.send("e", "");
    expect(log).toEqual([
      "responded 200 true",
      "message a -",
      "message b 1-1",
      "message c -",
      "message d 1-2",
      "message e ",
    ]);
  });

  it("closes the source at its first error, and is silent from then on", () => {
    const { source, network, log } = open();
    source.accept();
    source.lose();
    expect(network.live).toBe(0);
    source.send("late");
    source.lose();
    expect(log).toEqual(["responded 200 true", "ended"]);
  });

  it("has failed if there was no answer", () => {
    const { source, log } = open();
    source.lose();
    expect(log).toEqual(["failed"]);
  });

  it("is refused if the answer was not a stream", () => {
    const { source, log } = open();
    source.refuse();
    expect(log).toEqual(["refused_unseen"]);
  });

  it("reports the status if the constructor's errors do", () => {
    const { source, network, log } = open();
    source.refuse(401);
    expect(log).toEqual(["responded 401 false"]);
    expect(network.live).toBe(0);
  });

  it("is silent after it was closed from here", () => {
    const { source, network, log, close } = open();
    close();
    source.accept();
    source.lose();
    expect(network.live).toBe(0);
    expect(log).toEqual([]);
  });
});

describe("the stream's address", () => {
  it("carries the stream's query and the cursor as query parameters", () => {
    expect(withCursor(withQuery("/s", ""), "")).toBe("/s");
    expect(withQuery("/s", "registrationId=42")).toBe("/s?registrationId=42");
    expect(withCursor("/s?registrationId=42", "17-3")).toBe("/s?registrationId=42&lastEventId=17-3");
  });

  it("keeps an existing query, drops a fragment, and escapes the cursor", () => {
    expect(withQuery("https://h/s?a=1#x", "registrationId=7")).toBe("https://h/s?a=1&registrationId=7");
    expect(withCursor("/s", "a&b=é")).toBe("/s?lastEventId=a%26b%3D%C3%A9");
  });

  it("carries a ticket at the end, and leads to the address that gives tickets", () => {
    expect(withTicket("/s?registrationId=42", "a+b")).toBe("/s?registrationId=42&ticket=a%2Bb");
    expect(withTicket("/s", "")).toBe("/s");
    expect(ticketsOf("/s")).toBe("/s/tickets");
    expect(ticketsOf("https://h/s?branch=?1#x")).toBe("https://h/s/tickets?branch=?1");
  });
});
