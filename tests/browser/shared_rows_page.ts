// Runs in the browser, bundled: a page of rows whose provider shares one stream with the page's other tabs.

import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { loadCore } from "regstream";
import { RegistrationStreams, useRegistrationUpdates } from "regstream/react";

/** Attributes show the test what a row shows. */
function Row({ id }: { readonly id: number }) {
  const { isConnected, registration, resets, transport } = useRegistrationUpdates({
    registrationId: id,
    onUpdate: ({ message = "" }) => void window.heard.push(message),
  });
  const attributes = { "data-row": id, "data-live": isConnected, "data-resets": resets, "data-transport": transport };
  return createElement("li", attributes, registration?.message);
}

declare global {
  interface Window {
    /** The messages of the updates that the page's rows have received, in order. */
    heard: string[];
  }
}

window.heard = [];
const ids = new URLSearchParams(location.search).getAll("id").map(Number);
const streams = { shareAcrossTabs: true, loadCore: () => loadCore("/regstream.wasm") } as const;
const rows = ids.map((id) => createElement(Row, { id, key: id }));
createRoot(document.body.appendChild(document.createElement("ul"))).render(
  createElement(RegistrationStreams, streams, rows),
);
