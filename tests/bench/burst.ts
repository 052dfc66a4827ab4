import type { MeasuredServer } from "./measured_server.ts";
import type { StreamReaders } from "./stream_readers.ts";

/** Per delivery, that is, per update and stream. */
export interface DeliveryCost {
  /** From the first publish to the last read. */
  readonly tookNs: number;
  /** The server's processor time. */
  readonly cpuNs: number;
}

/**
 * Publishes `updates` at once, after `warmUp` that are not measured. Each of the open `streams` must get all of them.
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
