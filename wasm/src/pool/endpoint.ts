import type { WorkflowStreamOptions } from "../browser/stream_options.js";
import { registrationWorkflow } from "../generated/registration.js";
import type { ShareAcrossTabs } from "../tabs/share_across_tabs.js";
import type { Workflow } from "../workflow/workflow.js";

/** How a stream is opened, whomever it follows. Users whose options are the same share streams. */
export interface EndpointOptions extends Omit<WorkflowStreamOptions<Workflow>, "id" | "ids" | "until" | "onUpdate"> {
  /** One stream for all tabs of the origin. Default: each page has its own. */
  readonly shareAcrossTabs?: ShareAcrossTabs | undefined;
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** Tells functions and objects apart: what one user may see must not reach a component that speaks for another one. */
function numberOf(value: object | undefined): number {
  if (value === undefined) {
    return 0;
  }
  const number = numbers.get(value) ?? ++lastNumber;
  numbers.set(value, number);
  return number;
}

/** Headers that are the same text are the same, in whatever object. */
function headersKey(headers: EndpointOptions["headers"]): unknown {
  if (headers === undefined || typeof headers === "function") {
    return numberOf(headers);
  }
  return Symbol.iterator in headers ? [...headers] : Object.entries(headers);
}

/** One text for all options that mean the same endpoint. It may hold secrets of `headers`: show it nowhere. */
export function endpointKey(workflow: Workflow, options: EndpointOptions): string {
  const { url = workflow.paths.stream, policy = "resilient", credentials = "same-origin" } = options;
  const { transport, headers, seed, shareAcrossTabs, token, fetch, eventSource, clock, frames, signals, loadCore } =
    options;
  const tabs = typeof shareAcrossTabs === "object" ? shareAcrossTabs.user : shareAcrossTabs === true;
  const given = [token, fetch, eventSource, clock, frames ?? undefined, signals, loadCore].map(numberOf);
  return JSON.stringify([url, policy, credentials, transport, headersKey(headers), seed, tabs, frames === null, given]);
}

/** `own`, and `others` where it leaves something out. */
export function withDefaults(own: EndpointOptions, others: EndpointOptions): EndpointOptions {
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...others, ...Object.fromEntries(given) };
}

/** How a workflow's stream is opened: `own`, then a page's defaults, whose `url` is that of registrations. */
export function endpointOf(workflow: Workflow, own: EndpointOptions, defaults: EndpointOptions): EndpointOptions {
  const { url: _url, ...others } = defaults;
  return withDefaults(own, workflow === (registrationWorkflow as Workflow) ? defaults : others);
}
