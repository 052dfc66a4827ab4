import { afterEach, describe, expect, it, vi } from "vitest";

import type { RegistrationStreamOptions, StreamSnapshot } from "../../src/browser/stream_options.js";
import { createNetwork, FakeFrames, settle, stageUpdate } from "../fakes.js";
import { createTestStream } from "./test_stream.js";

/** A stream that is open, in a page whose frames are the test's. */
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
  it("hear once a frame, of all that came before it, while updates are heard one by one", async () => {
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

  it("hear once a quarter of a second where no frame comes, as in a hidden page", async () => {
    const { clock, heard, update } = await openStream();
    for (let moment = 0; moment < 100; ++moment) {
      update();
      clock.advance(10);
    }
    expect(heard).toHaveLength(4);
  });

  it("wait for no frame of a page that is hidden after they asked for it, and hear nothing twice", async () => {
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

  it("hear at once that an instance has ended, and nothing more in the next frame", async () => {
    const { frames, heard, update, end } = await openStream();
    update();
    end();
    expect(heard.map(({ registration }) => registration?.isFinal)).toEqual([true]);
    frames.draw();
    expect(heard).toHaveLength(1);
    // It stays ended: nothing to hurry for.
    end();
    expect(heard).toHaveLength(1);
    frames.draw();
    expect(heard).toHaveLength(2);
  });

  it("hear at once that the connection changed", async () => {
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

  it("leave nothing waiting behind a stream that was closed", async () => {
    const { stream, clock, frames, heard, update } = await openStream();
    update();
    stream.close();
    expect(heard.map(({ connection }) => connection)).toEqual(["closed"]);
    expect(frames.requested).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it("may close the stream, which they hear of at once, and then nothing more", async () => {
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

  it("hear of a change that a listener made in the frame after", async () => {
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

  it("hear of each change at once where there are no frames, or none are wanted", async () => {
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
