// The common part of both pages of page_cost.ts: the component, and what is measured.

import { createElement, type ReactElement } from "react";
import { createRoot } from "react-dom/client";

export interface Shown {
  readonly isLive: boolean;
  readonly message: string;
  readonly status: string;
  readonly stages: readonly { readonly name: string; readonly status: string }[];
}

interface Measured {
  updates: number;
  renders: number;
  /** When a render first had an update to show, in milliseconds after the navigation; 0: not yet. */
  firstShownAt: number;
  /** Resolves when an update with that message has come. */
  whenSeen(message: string): Promise<void>;
}

declare global {
  interface Window {
    measured: Measured;
  }
}

const waiting = new Map<string, () => void>();
let lastMessage = "";

export const measured: Measured = {
  updates: 0,
  renders: 0,
  firstShownAt: 0,
  whenSeen: (message) =>
    message === lastMessage ? Promise.resolve() : new Promise((resolve) => waiting.set(message, resolve)),
};
window.measured = measured;

export function see(message: string): void {
  measured.updates += 1;
  lastMessage = message;
  waiting.get(message)?.();
}

/** What a page shows of a registration. */
export function Progress({ isLive, message, status, stages }: Shown): ReactElement {
  measured.renders += 1;
  if (message !== "" && measured.firstShownAt === 0) measured.firstShownAt = performance.now();
  return createElement(
    "section",
    null,
    createElement("span", null, isLive ? "Live" : "Offline"),
    createElement("p", null, message, " ", status),
    createElement(
      "ol",
      null,
      stages.map((stage) => createElement("li", { key: stage.name }, stage.name, stage.status)),
    ),
  );
}

export function show(page: () => ReactElement): void {
  const root = document.createElement("div");
  document.body.append(root);
  createRoot(root).render(createElement(page));
}
