import type { ReactElement, ReactNode } from "react";
import { createContext, createElement, useContext, useEffect, useMemo, useRef, useState } from "react";

import { registrationWorkflow } from "../generated/registration.js";
import type { EndpointOptions } from "../pool/endpoint.js";
import { endpointKey, endpointOf, withDefaults } from "../pool/endpoint.js";
import type { Workflow } from "../workflow/workflow.js";

/** Defaults for the hooks below. `url` applies to registrations; streams of other workflows keep their own path. */
export interface RegistrationStreamsProps extends EndpointOptions {
  readonly children?: ReactNode;
}

const Defaults = createContext<EndpointOptions>({});

/**
 * Returns functions that stay the same while the provider is mounted and call those of its latest render. So new
 * functions at each render open no new stream.
 */
function useSteadyFunctions({ token, headers }: EndpointOptions): EndpointOptions {
  const given = { token, headers };
  const latest = useRef(given);
  useEffect(() => {
    latest.current = given;
  });
  const [steady] = useState(() => ({
    token: async (isRefused: boolean) => (await latest.current.token?.(isRefused)) ?? null,
    headers: () => {
      const { headers: now } = latest.current;
      return typeof now === "function" ? now() : (now ?? {});
    },
  }));
  return {
    token: token === undefined ? undefined : steady.token,
    headers: typeof headers === "function" ? steady.headers : headers,
  };
}

/**
 * Sets how streams are opened for all hooks below it. A hook's own option wins, as does that of a nearer provider.
 * `token` and `headers` may be new functions each render. They count as one user's while the provider is mounted: give
 * it another `key` for another user.
 */
export function RegistrationStreams({ children, ...props }: RegistrationStreamsProps): ReactElement {
  const outer = useContext(Defaults);
  const defaults = withDefaults({ ...props, ...useSteadyFunctions(props) }, outer);
  const key = endpointKey(registrationWorkflow, defaults);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what of the options matters
  const value = useMemo(() => defaults, [key]);
  return createElement(Defaults.Provider, { value }, children);
}

/** A hook's options, completed by the provider's. */
export function useEndpoint(workflow: Workflow, own: EndpointOptions): EndpointOptions {
  return endpointOf(workflow, own, useContext(Defaults));
}
