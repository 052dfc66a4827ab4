import type { WorkflowStreamOptions } from "../browser/stream_options.js";
import { registrationWorkflow } from "../generated/registration.js";
import type { ShareAcrossTabs } from "../tabs/share_across_tabs.js";
import type { Workflow } from "../workflow/workflow.js";

/** How a stream is opened, whatever it follows. Users with the same options share streams. */
export interface EndpointOptions extends Omit<WorkflowStreamOptions<Workflow>, "id" | "ids" | "until" | "onUpdate"> {
  /** One stream for all tabs of the origin. Default: each page has its own. */
  readonly shareAcrossTabs?: ShareAcrossTabs | undefined;
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** Numbers functions and objects by identity: a component that speaks for another user must not share a stream. */
function numberOf(value: object | undefined): number {
  if (value === undefined) {
    return 0;
  }
  const number = numbers.get(value) ?? ++lastNumber;
  numbers.set(value, number);
  return number;
}

/** Headers are compared by their text, whatever object holds them. */
function headersKey(headers: EndpointOptions["headers"]): unknown {
  if (headers === undefined || typeof headers === "function") {
    return numberOf(headers);
  }
  return Symbol.iterator in headers ? [...headers] : Object.entries(headers);
}

/** One text for all options that mean the same endpoint. It may contain secrets from `headers`: never show it. */
export function endpointKey(workflow: Workflow, options: EndpointOptions): string {
  const { url = workflow.paths.stream, policy = "resilient", credentials = "same-origin" } = options;
  const { transport, headers, seed, shareAcrossTabs, token, fetch, eventSource, clock, frames, signals, loadCore } =
    options;
  const tabs = typeof shareAcrossTabs === "object" ? shareAcrossTabs.user : shareAcrossTabs === true;
  const given = [token, fetch, eventSource, clock, frames ?? undefined, signals, loadCore].map(numberOf);
  return JSON.stringify([url, policy, credentials, transport, headersKey(headers), seed, tabs, frames === null, given]);
}

/** `own`, completed by `others`. */
export function withDefaults(own: EndpointOptions, others: EndpointOptions): EndpointOptions {
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...others, ...Object.fromEntries(given) };
}

/** The options of a workflow's stream: `own`, then a page's defaults. The defaults' `url` is for registrations only. */
export function endpointOf(workflow: Workflow, own: EndpointOptions, defaults: EndpointOptions): EndpointOptions {
  const { url: _url, ...others } = defaults;
  return withDefaults(own, workflow === (registrationWorkflow as Workflow) ? defaults : others);
}
