import { type ReactNode, useId } from "react";

interface CardProps {
  readonly title: string;
  readonly children: ReactNode;
}

/** A titled part of a page. */
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
