import { type RegistrationUpdate, subscribe } from "../../../../../lib/registration-pubsub";

export const dynamic = "force-dynamic";

export async function GET(request: Request): Promise<Response> {
  const wanted = new URL(request.url).searchParams.get("registrationId");
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (event: object) => controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`));
      const unsubscribe = await subscribe((update: RegistrationUpdate) => {
        if (wanted === null || Number(wanted) === update.registrationId) send({ type: "update", data: update });
      });
      const pings = setInterval(() => send({ type: "ping", timestamp: Date.now() }), 30_000);
      request.signal.addEventListener("abort", () => {
        clearInterval(pings);
        unsubscribe();
        controller.close();
      });
      send({ type: "connected", timestamp: Date.now() });
    },
  });
  return new Response(body, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-cache", Connection: "keep-alive" },
  });
}
