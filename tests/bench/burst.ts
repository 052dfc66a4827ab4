import type { MeasuredServer } from "./measured_server.ts";
import type { StreamReaders } from "./stream_readers.ts";

/** Of one delivery: an update that reached one stream. */
export interface DeliveryCost {
  /** From the first publish to the last read. */
  readonly tookNs: number;
  /** Of the server's processor. */
  readonly cpuNs: number;
}

/**
 * Publishes `updates` at once, after `warmUp` that don't count. Each of the `streams` that are open must get all of them.
 */
export async function measureBurst(
  server: MeasuredServer,
  readers: StreamReaders,
  { streams, warmUp, updates }: { readonly streams: number; readonly warmUp: number; readonly updates: number },
  updateOf: (index: number) => string,
): Promise<DeliveryCost> {
  let published = 0;
  const send = async (count: number): Promise<number> => {
    const [beganNs, { least, most, atNs }] = await Promise.all([
      server.publish(Array.from({ length: count }, (_, index) => updateOf(index))),
      readers.until((published += count) * streams),
    ]);
    if (least !== most) throw new Error("some streams had more updates than others");
    return atNs - beganNs;
  };
  await send(warmUp);
  const cpuNs = server.cpuNs();
  const tookNs = await send(updates);
  const deliveries = streams * updates;
  return { tookNs: tookNs / deliveries, cpuNs: (server.cpuNs() - cpuNs) / deliveries };
}
