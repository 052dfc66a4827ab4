import { memo } from "react";

import type { Account } from "../data/model";

interface AccountsProps {
  readonly accounts: readonly Account[];
  readonly isRunning: boolean;
}

/** The accounts that the last validation found. For the explicit roles see `RegistrationTable`. */
export const Accounts = memo(function Accounts({ accounts, isRunning }: AccountsProps) {
  if (accounts.length === 0 || isRunning) {
    return (
      <p className="card-empty">
        {isRunning ? "Accounts appear here when the validation has ended." : "No accounts found so far."}
      </p>
    );
  }
  return (
    <table className="table" role="table" data-testid="accounts">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            Account
          </th>
          <th role="columnheader" scope="col">
            Type
          </th>
          <th role="columnheader" scope="col">
            Currency
          </th>
          <th role="columnheader" scope="col">
            Status
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {accounts.map(({ number, type, currency, status }, index) => (
          // The number is not unique: an account may have two currencies.
          <tr key={index} role="row" data-testid="account">
            <td role="cell" className="numeric" data-label="Account">
              {number}
            </td>
            <td role="cell" data-label="Type">
              {type}
            </td>
            <td role="cell" data-label="Currency">
              {currency}
            </td>
            <td role="cell" data-label="Status">
              {status}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
});
