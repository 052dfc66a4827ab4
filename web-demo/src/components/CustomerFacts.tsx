import { memo } from "react";

import type { Registration } from "../data/model";
import { formatDateTime, formatValue, humanise } from "../format";
import { Card } from "./Card";
import { type Fact, Facts } from "./Facts";

/** The customer, and the result of the validation. */
export const CustomerFacts = memo(function CustomerFacts({
  registration,
  isRunning,
}: {
  registration: Registration;
  isRunning: boolean;
}) {
  const { mobileUserId, elixirUserId, details } = registration;
  const results = isRunning ? [] : resultFacts(details, mobileUserId, elixirUserId);
  return (
    <>
      <Card title="Customer">
        <Facts facts={customerFacts(registration)} />
      </Card>
      {results.length > 0 && (
        <Card title="Result">
          <Facts facts={results} testId="result" />
        </Card>
      )}
    </>
  );
});

function customerFacts(registration: Registration): Fact[] {
  return [
    { name: "Customer number", value: registration.customerNumber },
    { name: "National ID", value: registration.nationalId },
    { name: "Phone", value: registration.phone },
    { name: "Email", value: registration.email ?? "Not given", isMail: true },
    { name: "Branch", value: registration.branch },
    { name: "Submitted", value: formatDateTime(registration.submittedAt) },
    { name: "Last change", value: formatDateTime(registration.updatedAt) },
  ];
}

function resultFacts(
  details: Registration["details"],
  mobileUserId: string | null,
  elixirUserId: string | null,
): Fact[] {
  const users = { mobileUserId, elixirUserId };
  const facts: Fact[] = [];
  for (const [name, value] of Object.entries(users)) {
    if (value !== null) facts.push({ name: userNames[name] ?? name, value });
  }
  for (const [name, value] of Object.entries(details ?? {})) {
    if (!Object.hasOwn(users, name)) facts.push({ name: humanise(name), value: formatValue(value) });
  }
  return facts;
}

const userNames: Readonly<Record<string, string>> = {
  mobileUserId: "Mobile user",
  elixirUserId: "Elixir user",
};
