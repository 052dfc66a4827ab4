import { memo } from "react";

import type { StageStatus } from "../data/model";
import type { TimelineStage } from "../data/timeline";
import { formatClock, formatDuration } from "../format";
import { Icon, type IconName } from "./Icon";
import { stageTitle, stateText } from "./stageTexts";

interface TimelineProps {
  readonly stages: readonly TimelineStage[];
  /** The validation has ended. Stages that have not ended by now never will. */
  readonly hasEnded: boolean;
}

export function Timeline({ stages, hasEnded }: TimelineProps) {
  return (
    <ol className="timeline" data-testid="timeline">
      {stages.map(({ name, state, message, startedAt, endedAt }) => (
        <Stage
          key={name}
          name={name}
          state={state}
          message={message}
          startedAt={startedAt}
          endedAt={endedAt}
          hasEnded={hasEnded}
        />
      ))}
    </ol>
  );
}

type StageProps = TimelineStage & { readonly hasEnded: boolean };

/** Takes plain values, so that an update renders only the stages that it changes. */
const Stage = memo(function Stage(stage: StageProps) {
  const { name, state, message, hasEnded } = stage;
  return (
    <li className="stage" data-stage={name} data-state={state} data-running={state === "started" && !hasEnded}>
      <span className="stage-marker">
        {state === "started" && !hasEnded ? (
          <span className="spinner" aria-hidden="true" />
        ) : (
          state !== "pending" && <Icon name={iconOf(state)} />
        )}
      </span>
      <div className="stage-text">
        <div className="stage-line">
          <span className="stage-title">{stageTitle(name)}</span>
          <span className="stage-state">{stateText(state, hasEnded)}</span>
        </div>
        {message !== "" && <p className="stage-message">{message}</p>}
        <StageTime startedAt={stage.startedAt} endedAt={stage.endedAt} />
      </div>
    </li>
  );
});

function iconOf(state: StageStatus): IconName {
  switch (state) {
    case "completed":
      return "check";
    case "failed":
      return "cross";
    case "skipped":
      return "skip";
    case "started":
      return "clock";
  }
}

type StageTimeProps = Pick<TimelineStage, "startedAt" | "endedAt">;

function StageTime({ startedAt, endedAt }: StageTimeProps) {
  const at = startedAt ?? endedAt;
  if (at === null) return null;
  return (
    <p className="stage-time">
      <time dateTime={new Date(at).toISOString()}>{formatClock(at)}</time>
      {startedAt !== null && endedAt !== null && endedAt >= startedAt && <> · {formatDuration(endedAt - startedAt)}</>}
    </p>
  );
}
