// The peer: a hand-written page that parses an EventSource's messages and folds them into React's state.

import { createElement, type ReactElement, useEffect, useState } from "react";

import { Progress, see, show, type Shown } from "./page.ts";

interface Update {
  readonly status: string;
  readonly stage?: string;
  readonly stageStatus?: string;
  readonly message?: string;
}

function fold(shown: Shown, { status, stage, stageStatus = "completed", message = "" }: Update): Shown {
  if (stage === undefined) return { ...shown, status, message };
  const next = { name: stage, status: stageStatus };
  const isKnown = shown.stages.some(({ name }) => name === stage);
  const stages = isKnown ? shown.stages.map((old) => (old.name === stage ? next : old)) : [...shown.stages, next];
  return { ...shown, status, message, stages };
}

function Page(): ReactElement {
  const [shown, setShown] = useState<Shown>({ isLive: false, message: "", status: "", stages: [] });
  useEffect(() => {
    const source = new EventSource("/api/registrations/updates/stream?registrationId=42");
    source.onopen = () => setShown((before) => ({ ...before, isLive: true }));
    source.onerror = () => setShown((before) => ({ ...before, isLive: false }));
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const message = JSON.parse(data) as { readonly type: string; readonly data: Update };
      if (message.type !== "update") return;
      setShown((before) => fold(before, message.data));
      see(message.data.message ?? "");
    };
    return () => source.close();
  }, []);
  return createElement(Progress, shown);
}

show(Page);
