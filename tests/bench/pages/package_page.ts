// A page with the package's hook.

import { createElement, type ReactElement } from "react";
import { useRegistrationUpdates } from "regstream/react";

import { Progress, see, show } from "./page.ts";

function Page(): ReactElement {
  const { isConnected, registration } = useRegistrationUpdates({
    registrationId: 42,
    onUpdate: ({ message = "" }) => see(message),
  });
  const { message = "", status = "", stages = [] } = registration ?? {};
  return createElement(Progress, { isLive: isConnected, message, status, stages });
}

show(Page);
