import { memo } from "react";

import type { RegistrationSummary } from "../data/model";
import { formatDateTime } from "../format";
import { Link, detailPath } from "../router";
import { StatusPill, ValidatingPill } from "./StatusPill";

/** The roles are explicit, because the layout as cards on narrow screens would remove the implicit ones. */
export function RegistrationTable({ registrations }: { registrations: readonly RegistrationSummary[] }) {
  return (
    <table className="table registration-table" role="table" aria-label="Registration requests">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            Customer
          </th>
          <th role="columnheader" scope="col">
            Customer number
          </th>
          <th role="columnheader" scope="col">
            Branch
          </th>
          <th role="columnheader" scope="col">
            Submitted
          </th>
          <th role="columnheader" scope="col">
            Status
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {registrations.map((registration) => (
          <Row key={registration.id} registration={registration} />
        ))}
      </tbody>
    </table>
  );
}

const Row = memo(function Row({ registration }: { registration: RegistrationSummary }) {
  const { id, customerName, customerNumber, branch, submittedAt } = registration;
  const { status, validating, message } = registration;
  return (
    <tr role="row" data-testid="registration" data-registration-id={id} data-status={status}>
      <td role="cell" data-label="Customer" className="cell-main">
        <Link className="row-link" href={detailPath(id)}>
          {customerName} <span className="cell-note">Request {id}</span>
        </Link>
      </td>
      <td role="cell" data-label="Customer number" className="numeric">
        {customerNumber}
      </td>
      <td role="cell" data-label="Branch">
        {branch}
      </td>
      <td role="cell" data-label="Submitted">
        <time dateTime={new Date(submittedAt).toISOString()}>{formatDateTime(submittedAt)}</time>
      </td>
      <td role="cell" data-label="Status" className="cell-status">
        {validating ? <ValidatingPill /> : <StatusPill status={status} />}
        {message !== null && message !== "" && <span className="cell-note cell-message">{message}</span>}
      </td>
    </tr>
  );
});
