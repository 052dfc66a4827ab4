export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** Names and values. */
export function Facts({ facts, testId }: { facts: readonly Fact[]; testId?: string }) {
  return (
    <dl className="facts" data-testid={testId}>
      {facts.map(({ name, value }, index) => (
        // Two names may read the same.
        <div key={index} className="fact">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
