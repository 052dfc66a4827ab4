import type { TokenFailure } from "../core/connection.js";
import type { Workflow } from "../workflow/workflow.js";
import type { WorkflowStreamOptions } from "./stream_options.js";

/** The token of one attempt, or why there is none. */
export type TokenAnswer = { readonly token: string } | { readonly failure: TokenFailure };

/** Never rejects: what a rejection of the page's function says is the page's own, and may hold a secret. */
export async function askForToken(
  source: WorkflowStreamOptions<Workflow>["token"],
  isRefused: boolean,
): Promise<TokenAnswer> {
  try {
    const token: unknown = await source?.(isRefused);
    return typeof token === "string" && token !== "" ? { token } : { failure: "for_good" };
  } catch {
    return { failure: "may_pass" };
  }
}
