"use client";

import { use } from "react";

import { useRegistrationUpdates } from "../../../../hooks/use-registration-updates";

export default function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = use(params);
  return <ValidationProgress registrationId={Number(id)} />;
}

function ValidationProgress({ registrationId }: { registrationId: number }) {
  const { isConnected, latestUpdate } = useRegistrationUpdates({
    registrationId,
    onUpdate: (update) => {
      if (update.status !== "PENDING") document.title = `${update.status}: request ${registrationId}`;
    },
  });
  return (
    <section>
      <span className="badge">{isConnected ? "Live" : "Offline"}</span>
      <p>{latestUpdate?.message}</p>
    </section>
  );
}
