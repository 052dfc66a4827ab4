import { useCallback, useMemo, useState } from "react";

import { Icon } from "../components/Icon";
import { ListFilters } from "../components/ListFilters";
import { LiveBadge } from "../components/LiveBadge";
import { LiveUpdatesNotice } from "../components/LiveUpdatesNotice";
import { LoadFailed } from "../components/LoadFailed";
import { LoadNotice } from "../components/LoadNotice";
import { Message } from "../components/Message";
import { NewRequestDialog } from "../components/NewRequestDialog";
import { Notice } from "../components/Notice";
import { PageHeader } from "../components/PageHeader";
import { RegistrationTable } from "../components/RegistrationTable";
import { Skeleton } from "../components/Skeleton";
import type { RegistrationSummary } from "../data/model";
import { type ListFilter, countStatuses, filterList } from "../data/registrationList";
import { useRegistrationList } from "../data/useRegistrationList";
import { detailPath, navigate, replaceSearch, useLocation } from "../router";

export function ListPage() {
  const { list, stream } = useRegistrationList();
  const [isCreating, setCreating] = useState(false);
  const { value, error, loading, reload } = list;
  const retry = useCallback(() => void reload(), [reload]);
  const newRequest = (
    <button type="button" className="button button-primary" onClick={() => setCreating(true)}>
      <Icon name="plus" />
      New request
    </button>
  );
  return (
    <>
      <PageHeader
        title="Registration requests"
        badges={
          <LiveBadge connection={stream.connection} isConnected={stream.isConnected} connections={stream.connections} />
        }
        description="Customers who asked for mobile banking"
        actions={newRequest}
      />
      <LiveUpdatesNotice stream={stream} />
      {value !== null ? (
        <>
          {error !== null && <LoadNotice error={error} onRetry={retry} />}
          {value.hasMore && (
            <Notice>Only the newest {value.registrations.length} requests are listed and searched.</Notice>
          )}
          <Registrations registrations={value.registrations} />
        </>
      ) : error !== null ? (
        <LoadFailed title="Requests could not be loaded" error={error} isLoading={loading} onRetry={retry} />
      ) : (
        <div className="card">
          <Skeleton lines={8} label="Loading registration requests" />
        </div>
      )}
      {isCreating && (
        <NewRequestDialog onClose={() => setCreating(false)} onCreated={({ id }) => navigate(detailPath(id))} />
      )}
    </>
  );
}

function Registrations({ registrations }: { registrations: readonly RegistrationSummary[] }) {
  const [filter, setFilter] = useListFilter();
  const counts = useMemo(() => countStatuses(registrations), [registrations]);
  const shown = useMemo(() => filterList(registrations, filter), [registrations, filter]);
  if (registrations.length === 0) {
    return (
      <Message icon="users" title="No requests yet">
        A customer’s request appears here once it is submitted.
      </Message>
    );
  }
  return (
    <>
      <ListFilters filter={filter} total={registrations.length} counts={counts} onChange={setFilter} />
      <p className="visually-hidden" role="status">
        {shown.length} of {registrations.length} requests shown
      </p>
      {shown.length === 0 ? (
        <Message
          icon="search"
          title="No request matches"
          action={
            <button type="button" className="button" onClick={() => setFilter({ status: null, search: "" })}>
              Clear filters
            </button>
          }
        />
      ) : (
        <div className="card card-flush">
          <RegistrationTable registrations={shown} />
        </div>
      )}
    </>
  );
}

/** The filter is part of the address, so it survives going back, reloading and sharing. */
function useListFilter(): [ListFilter, (filter: ListFilter) => void] {
  const { search: query } = useLocation();
  const filter = useMemo<ListFilter>(() => {
    const parameters = new URLSearchParams(query);
    return { status: parameters.get("status"), search: parameters.get("q") ?? "" };
  }, [query]);
  const setFilter = useCallback(({ status, search }: ListFilter) => {
    const parameters = new URLSearchParams();
    if (status !== null) parameters.set("status", status);
    if (search !== "") parameters.set("q", search);
    replaceSearch(parameters);
  }, []);
  return [filter, setFilter];
}
