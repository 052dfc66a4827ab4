// Runs in the browser: a page of rows, each a component that follows one registration.

import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { useRegistrationUpdates } from "regstream/react";

interface RowOptions {
  readonly id: number;
  /** The stream's address. Default: the package's. */
  readonly url?: string | undefined;
}

function Row({ id, url }: RowOptions) {
  const { isConnected, registration } = useRegistrationUpdates({ registrationId: id, url });
  const attributes = { "data-row": id, "data-live": isConnected, "data-message": registration?.message ?? "" };
  return createElement("li", attributes);
}

declare global {
  interface Window {
    /** Shows exactly these rows. */
    showRows(rows: readonly RowOptions[]): void;
    /** Posts an update of a registration; returns the answer's status. */
    post(id: number, message: string): Promise<number>;
  }
}

const root = createRoot(document.body.appendChild(document.createElement("ul")));
window.showRows = (rows) => root.render(rows.map((row) => createElement(Row, { ...row, key: row.id })));
window.post = async (id, message) => {
  const body = JSON.stringify({ status: "OPEN", message });
  const headers = { "Content-Type": "application/json" };
  return (await fetch(`/api/registrations/${id}/updates`, { method: "POST", headers, body })).status;
};
