import type { ReactElement, ReactNode } from "react";
import { createContext, createElement, useContext, useEffect, useMemo, useRef, useState } from "react";

import { registrationWorkflow } from "../generated/registration.js";
import type { EndpointOptions } from "../pool/endpoint.js";
import { endpointKey, endpointOf, withDefaults } from "../pool/endpoint.js";
import type { Workflow } from "../workflow/workflow.js";

/** Defaults of the hooks below. `url` is that of registrations; streams of other workflows keep their own path. */
export interface RegistrationStreamsProps extends EndpointOptions {
  readonly children?: ReactNode;
}

const Defaults = createContext<EndpointOptions>({});

/**
 * The same functions for as long as the provider is mounted, which call those of its latest render: new ones each
 * render are no new stream.
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
 * Says once for all hooks below it how streams are opened. A hook's own option wins, as does a provider's nearer by.
 * `token` and `headers` may be new functions each render. Who speaks by them is one user for as long as the
 * provider is mounted: give it another `key` for another user.
 */
export function RegistrationStreams({ children, ...props }: RegistrationStreamsProps): ReactElement {
  const outer = useContext(Defaults);
  const defaults = withDefaults({ ...props, ...useSteadyFunctions(props) }, outer);
  const key = endpointKey(registrationWorkflow, defaults);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what of the options matters
  const value = useMemo(() => defaults, [key]);
  return createElement(Defaults.Provider, { value }, children);
}

/** A hook's options, and those of the provider. */
export function useEndpoint(workflow: Workflow, own: EndpointOptions): EndpointOptions {
  return endpointOf(workflow, own, useContext(Defaults));
}
