import { afterEach, describe, expect, it, vi } from "vitest";

import type { RegistrationStreamOptions, StreamSnapshot } from "../../src/browser/stream_options.js";
import { createNetwork, FakeFrames, settle, stageUpdate } from "../fakes.js";
import { createTestStream } from "./test_stream.js";

/** An open stream in a page with the test's frames. */
async function openStream(options: RegistrationStreamOptions = {}) {
  const network = createNetwork();
  const frames = new FakeFrames();
  const created = createTestStream({ eventSource: network.EventSource, frames, ...options });
  const heard: StreamSnapshot[] = [];
  created.stream.connect();
  await settle();
  network.last.accept();
  network.last.send({ type: "connected", timestamp: 1 });
  frames.draw();
  created.stream.subscribe((snapshot) => heard.push(snapshot));
  let timestamp = 10;
  const update = (rest: object = {}) =>
    network.last.send(stageUpdate("duplicate_check", "started", ++timestamp, rest), `1700-${timestamp}`);
  const end = () =>
    network.last.send({
      type: "update",
      data: { registrationId: 42, status: "APPROVED", message: "Approved", timestamp: ++timestamp },
    });
  return { ...created, network, frames, heard, update, end };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("listeners of changes", () => {
  it("are called once a frame for everything before it, while updates are delivered one by one", async () => {
    const { stream, frames, heard, updates, update } = await openStream();
    for (let message = 1; message <= 100; ++message) {
      update({ message: `message ${message}` });
      expect(stream.getSnapshot().registration?.message).toBe(`message ${message}`);
    }
    expect(updates).toHaveLength(100);
    expect(heard).toHaveLength(0);
    frames.draw();
    expect(heard).toEqual([stream.getSnapshot()]);
    expect(heard[0]?.registration?.message).toBe("message 100");
    frames.draw();
    expect(heard).toHaveLength(1);
  });

  it("are called once a quarter of a second without frames, as in a hidden page", async () => {
    const { clock, heard, update } = await openStream();
    for (let moment = 0; moment < 100; ++moment) {
      update();
      clock.advance(10);
    }
    expect(heard).toHaveLength(4);
  });

  it("don't wait for the frame of a page that is hidden meanwhile, and are not called twice", async () => {
    const { clock, frames, heard, update } = await openStream();
    update();
    expect(frames.requested).toBe(1);
    clock.advance(250);
    expect(heard).toHaveLength(1);
    expect(frames.requested).toBe(0);
    update();
    frames.draw();
    expect(heard).toHaveLength(2);
    clock.advance(1_000);
    expect(heard).toHaveLength(2);
  });

  it("are called at once when an instance has ended, and not again in the next frame", async () => {
    const { frames, heard, update, end } = await openStream();
    update();
    end();
    expect(heard.map(({ registration }) => registration?.isFinal)).toEqual([true]);
    frames.draw();
    expect(heard).toHaveLength(1);
    // It stays ended, so nothing is urgent.
    end();
    expect(heard).toHaveLength(1);
    frames.draw();
    expect(heard).toHaveLength(2);
  });

  it("are not called if nothing changed: after a ping", async () => {
    const { stream, network, frames, heard } = await openStream();
    const before = stream.getSnapshot();
    network.last.send({ type: "ping", timestamp: 20 });
    expect(frames.requested).toBe(0);
    expect(stream.getSnapshot()).toBe(before);
    expect(heard).toHaveLength(0);
  });

  it("are called at once when the connection changed", async () => {
    const { network, clock, frames, heard, update } = await openStream();
    update();
    network.last.lose();
    expect(heard.map(({ connection }) => connection)).toEqual(["waiting"]);
    clock.advance(2_000);
    network.last.accept();
    expect(heard.map(({ connection }) => connection)).toEqual(["waiting", "connecting", "open"]);
    frames.draw();
    expect(heard).toHaveLength(3);
  });

  it("leave nothing pending after a stream was closed", async () => {
    const { stream, clock, frames, heard, update } = await openStream();
    update();
    stream.close();
    expect(heard.map(({ connection }) => connection)).toEqual(["closed"]);
    expect(frames.requested).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it("may close the stream, are called for that at once, and then no more", async () => {
    const { stream, frames, heard, updates, update } = await openStream();
    stream.subscribe(({ connection }) => {
      if (connection === "open") {
        stream.close();
      }
    });
    update();
    frames.draw();
    update();
    frames.draw();
    expect(heard.map(({ connection }) => connection)).toEqual(["open", "closed"]);
    expect(updates).toHaveLength(1);
  });

  it("are called in the next frame for a change that a listener made", async () => {
    const { stream, frames, heard, update } = await openStream();
    let rest = 3;
    stream.subscribe(() => {
      if (rest > 0) {
        rest -= 1;
        update();
      }
    });
    update();
    frames.draw();
    expect(heard).toHaveLength(1);
    frames.draw();
    expect(heard).toHaveLength(2);
  });

  it("are called at each change at once if there are no frames, or frames is null", async () => {
    const { heard, update } = await openStream({ frames: null });
    update();
    update();
    expect(heard).toHaveLength(2);
  });

  it("wait for the window's frames by default", async () => {
    const frames: (() => void)[] = [];
    const cancel = vi.fn();
    vi.stubGlobal("requestAnimationFrame", (callback: () => void) => frames.push(callback));
    vi.stubGlobal("cancelAnimationFrame", cancel);
    const { clock, heard, update } = await openStream({ frames: undefined });
    frames.splice(0);
    update();
    update();
    expect(heard).toHaveLength(0);
    expect(frames).toHaveLength(1);
    frames[0]?.();
    expect(heard).toHaveLength(1);
    update();
    clock.advance(250);
    expect(heard).toHaveLength(2);
    expect(cancel).toHaveBeenLastCalledWith(2);
  });
});
