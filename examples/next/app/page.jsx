"use client";

import { useRegistrationUpdates } from "regstream/react";

export default function Page() {
  const { isConnected, registration, error } = useRegistrationUpdates({ registrationId: 42 });
  return (
    <main>
      <button onClick={() => fetch("/api/registrations/42/process", { method: "POST" })} type="button">
        Validate Customer
      </button>
      <p>{error?.message ?? (isConnected ? "Live" : "Offline")}</p>
      <p>{registration?.message}</p>
    </main>
  );
}
