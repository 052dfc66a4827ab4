import { createRoot } from "react-dom/client";
import { useRegistrationUpdates } from "regstream/react";

function Progress({ registrationId }) {
  const { isConnected, registration, error } = useRegistrationUpdates({ registrationId });
  return (
    <>
      <p>{error?.message ?? (isConnected ? "Live" : "Offline")}</p>
      <p>{registration?.message}</p>
      <ol>
        {registration?.stages.map((stage) => (
          <li key={stage.name}>
            {stage.name}: {stage.status}
          </li>
        ))}
      </ol>
    </>
  );
}

createRoot(document.getElementById("root")).render(<Progress registrationId={42} />);
