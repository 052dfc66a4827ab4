import { type ReactNode, useId } from "react";

interface CardProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** A section of a page, with a title. */
export function Card({ title, children }: CardProps) {
  const titleId = useId();
  return (
    <section className="card" aria-labelledby={titleId}>
      <div className="card-header">
        <h2 id={titleId}>{title}</h2>
      </div>
      {children}
    </section>
  );
}
