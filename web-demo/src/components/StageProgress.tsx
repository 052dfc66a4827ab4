import { useId } from "react";

import type { StagePosition } from "../data/progress";
import { stageTitle } from "./stageTexts";

/** How far a running validation is. `<progress>` has the right role, and needs no inline style for its width. */
export function StageProgress({ position: { current, done, total, name } }: { position: StagePosition }) {
  const labelId = useId();
  if (total === 0) return null;
  const text = `Stage ${current} of ${total}`;
  const title = name === null ? "" : stageTitle(name);
  return (
    <div className="stage-progress" data-testid="stage-progress">
      <p id={labelId}>
        {text}
        {title !== "" && (
          <>
            : <bdi>{title}</bdi>
          </>
        )}
      </p>
      <progress max={total} value={done} aria-labelledby={labelId} aria-valuetext={`${text}, ${done} done`} />
    </div>
  );
}
