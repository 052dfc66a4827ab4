import { useEffect, useRef, useState } from "react";

import type { RegistrationUpdate } from "../lib/registration-pubsub";

interface Options {
  registrationId?: number;
  onUpdate?: (update: RegistrationUpdate) => void;
  autoConnect?: boolean;
}

export function useRegistrationUpdates({ registrationId, onUpdate, autoConnect = true }: Options) {
  const [isConnected, setIsConnected] = useState(false);
  const [latestUpdate, setLatestUpdate] = useState<RegistrationUpdate | null>(null);
  const listener = useRef(onUpdate);
  listener.current = onUpdate;

  useEffect(() => {
    if (!autoConnect) return;
    let source: EventSource;
    let timer: ReturnType<typeof setTimeout>;
    const connect = () => {
      const query = registrationId === undefined ? "" : `?registrationId=${registrationId}`;
      source = new EventSource(`/api/registrations/updates/stream${query}`);
      source.onmessage = ({ data }: MessageEvent<string>) => {
        const event = JSON.parse(data) as { type: string; data?: RegistrationUpdate };
        if (event.type === "connected") setIsConnected(true);
        if (event.type !== "update" || event.data === undefined) return;
        setLatestUpdate(event.data);
        listener.current?.(event.data);
      };
      source.onerror = () => {
        setIsConnected(false);
        source.close();
        timer = setTimeout(connect, 5_000);
      };
    };
    connect();
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [registrationId, autoConnect]);

  return { isConnected, latestUpdate };
}
