import { useCallback } from "react";

import type { ApiError } from "../api";
import { Accounts } from "../components/Accounts";
import { Card } from "../components/Card";
import { CustomerFacts } from "../components/CustomerFacts";
import { Icon } from "../components/Icon";
import { LiveBadge } from "../components/LiveBadge";
import { LiveUpdatesNotice } from "../components/LiveUpdatesNotice";
import { LoadFailed } from "../components/LoadFailed";
import { LoadNotice } from "../components/LoadNotice";
import { Notice } from "../components/Notice";
import { Outcome } from "../components/Outcome";
import { PageHeader } from "../components/PageHeader";
import { ProcessLog } from "../components/ProcessLog";
import { Skeleton } from "../components/Skeleton";
import { StageProgress } from "../components/StageProgress";
import { StatusPill } from "../components/StatusPill";
import { Timeline } from "../components/Timeline";
import { ValidateButton } from "../components/ValidateButton";
import { stageTitle } from "../components/stageTexts";
import { type Progress, stagePosition } from "../data/progress";
import { useRegistration } from "../data/useRegistration";
import { Link, listPath } from "../router";
import { UnknownRegistration } from "./NotFoundPages";

export function DetailPage({ registrationId }: { registrationId: number }) {
  const { resource, progress, log, stream, isStarting, startError, validate } = useRegistration(registrationId);
  const { value: registration, error, reload } = resource;
  const retry = useCallback(() => void reload(), [reload]);

  if (registration === null && error?.status === 404) {
    return <UnknownRegistration registrationId={registrationId} />;
  }
  const trail = <Trail registrationId={registrationId} />;
  const badge = (
    <LiveBadge connection={stream.connection} isConnected={stream.isConnected} connections={stream.connections} />
  );
  if (registration === null || progress === null) {
    return (
      <>
        <PageHeader title={`Request ${registrationId}`} trail={trail} badges={badge} />
        {error === null ? (
          <div className="card">
            <Skeleton lines={6} label="Loading the registration request" />
          </div>
        ) : (
          <LoadFailed
            title="The request could not be loaded"
            error={error}
            isLoading={resource.loading}
            onRetry={retry}
          />
        )}
      </>
    );
  }
  const { isRunning } = progress;
  // Another program may publish stages, too. They don't disable the button.
  const isBusy = isRunning && registration.validating;
  return (
    <>
      <PageHeader
        title={registration.customerName}
        trail={trail}
        badges={
          <>
            <StatusPill status={progress.status} testId="registration-status" />
            {badge}
          </>
        }
        description={
          <>
            Customer <bdi>{registration.customerNumber}</bdi> · <bdi>{registration.branch}</bdi>
          </>
        }
        actions={
          <ValidateButton
            disabledReason={isStarting ? "Starting…" : isBusy ? "Validation is running" : null}
            onValidate={() => void validate()}
          />
        }
      />
      {startError !== null && <StartNotice error={startError} isRunning={isRunning} />}
      {error !== null && <LoadNotice error={error} onRetry={retry} />}
      <LiveUpdatesNotice stream={stream} />
      <div className="detail">
        <div className="detail-main">
          <Card title="Validation">
            <Announcement progress={progress} />
            {isRunning && <StageProgress position={stagePosition(progress.timeline)} />}
            <TimelineNote progress={progress} isConnected={stream.isConnected} />
            {progress.isFinal && <Outcome status={progress.status} message={progress.message} />}
            <Timeline stages={progress.timeline} hasEnded={progress.isFinal} />
          </Card>
          <Card title="Accounts">
            <Accounts accounts={registration.accounts} isRunning={isRunning} />
          </Card>
          <Card title="Process log">
            <ProcessLog entries={log} isRunning={isRunning} />
          </Card>
        </div>
        <div className="detail-side">
          <CustomerFacts registration={registration} isRunning={isRunning} />
        </div>
      </div>
    </>
  );
}

function Trail({ registrationId }: { registrationId: number }) {
  return (
    <nav className="trail" aria-label="Breadcrumb">
      <Link href={listPath}>Registration requests</Link>
      <Icon name="chevron" />
      <span aria-current="page">Request {registrationId}</span>
    </nav>
  );
}

/** Why the button started nothing. The notice about another operator's validation disappears when that one ends. */
function StartNotice({ error, isRunning }: { error: ApiError; isRunning: boolean }) {
  if (error.status === 409) {
    if (!isRunning) return null;
    return (
      <Notice isInformation>
        Another operator has started this validation already. Its progress is shown here, live. You don’t have to do
        anything.
      </Notice>
    );
  }
  return isRunning ? null : <Notice>The validation was not started. {error.message}</Notice>;
}

/** Facts that the timeline itself doesn't show. */
function TimelineNote({ progress, isConnected }: { progress: Progress; isConnected: boolean }) {
  const { isRunning, isFinal, timeline, hasMoreStages } = progress;
  if (isRunning && !isConnected) {
    return <p className="timeline-note">This may be out of date. Progress appears here when the connection is back.</p>;
  }
  if (!isRunning && !isFinal && timeline.every(({ state }) => state === "pending")) {
    return <p className="timeline-note">This customer has not been validated yet.</p>;
  }
  if (hasMoreStages) {
    return <p className="timeline-note">This validation has more stages than are shown here.</p>;
  }
  return null;
}

/** Announces the validation's newest message to screen readers. */
function Announcement({ progress }: { progress: Progress }) {
  const { isRunning, isFinal, status, message, timeline } = progress;
  const current = timeline.filter(({ state }) => state !== "pending").at(-1);
  const text = isFinal
    ? `Validation ended: ${status}. ${message}`
    : isRunning && current !== undefined
      ? `${stageTitle(current.name)}: ${current.message}`
      : "";
  return (
    <p className="visually-hidden" aria-live="polite" data-testid="announcement">
      {text}
    </p>
  );
}
