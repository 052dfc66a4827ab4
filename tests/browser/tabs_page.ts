// Runs in the browser, bundled: one of the tabs that share a stream.

import { loadCore } from "regstream";
import { TabsStream } from "regstream/tabs";
import { registrationWorkflow } from "regstream/workflow";

/** What a tab has received so far. */
export interface TabReport {
  /** The event ids of its updates, in order. */
  readonly heard: readonly string[];
  readonly isConnected: boolean;
  readonly resets: number;
  readonly lastMessage: string | undefined;
}

declare global {
  interface Window {
    report?: () => TabReport;
    publish?: (message: string) => Promise<number>;
  }
}

const heard: string[] = [];
const stream = new TabsStream(registrationWorkflow, {
  ids: [42],
  shareAcrossTabs: true,
  loadCore: () => loadCore("/regstream.wasm"),
  onUpdate: ({ id = "" }) => void heard.push(id),
});
stream.connect();

window.report = () => {
  const { isConnected, resets } = stream.getSnapshot();
  return { heard, isConnected, resets, lastMessage: stream.view(42)?.message };
};
window.publish = async (message) => {
  const body = JSON.stringify({ status: "PENDING", message });
  const headers = { "Content-Type": "application/json" };
  return (await fetch("/api/registrations/42/updates", { method: "POST", headers, body })).status;
};
