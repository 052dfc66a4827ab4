export interface Fact {
  readonly name: string;
  readonly value: string;
  /** A mail address gets a line of its own. If that is too short, it breaks before the "@". */
  readonly isMail?: boolean;
}

/** A list of names with their values. */
export function Facts({ facts, testId }: { facts: readonly Fact[]; testId?: string }) {
  return (
    <dl className="facts" data-testid={testId}>
      {facts.map(({ name, value, isMail = false }, index) => (
        // The name is not unique.
        <div key={index} className={isMail ? "fact fact-wide" : "fact"}>
          <dt>{name}</dt>
          <dd>{isMail ? <MailAddress address={value} /> : value}</dd>
        </div>
      ))}
    </dl>
  );
}

function MailAddress({ address }: { address: string }) {
  const at = address.lastIndexOf("@");
  if (at <= 0) return address;
  return (
    <>
      {address.slice(0, at)}
      <wbr />
      {address.slice(at)}
    </>
  );
}
