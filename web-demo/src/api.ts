import { decodeRegistration, decodeRegistrations, isObject } from "./data/decode";
import type { NewRegistration, Registration, RegistrationList } from "./data/model";

/** The sample backend's routes, typed. Every failure is an `ApiError`. */

/** After this time a request counts as failed, and the operator gets an error. */
const timeoutMs = 15_000;

export type ApiErrorKind =
  /** No answer: the server is down, unreachable or too slow. */
  | "unreachable"
  /** An answer with an error status. `status` and `message` come from the answer. */
  | "refused"
  /** An answer that is not the expected JSON. */
  | "malformed";

/** Why a request failed. `message` is a sentence for the operator. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly kind: ApiErrorKind,
    message: string,
    /** The HTTP status; 0 without an answer. */
    readonly status = 0,
  ) {
    super(message);
  }

  /** Trying again is useless: the user is not signed in or not allowed, or the thing does not exist. */
  get isFinal(): boolean {
    return this.status === 401 || this.status === 403 || this.status === 404;
  }
}

/** What an operator can do about 401 and 403. The answer's own `detail` is written for programs. */
const accessProblems: Readonly<Record<number, string>> = {
  401: "You are not signed in. Sign in, then load this page again.",
  403: "You don’t have access to this. Ask your administrator for it.",
};

export function listRegistrations(signal?: AbortSignal): Promise<RegistrationList> {
  return request("GET", "/api/registrations", decodeRegistrations, { signal });
}

export function getRegistration(id: number, signal?: AbortSignal): Promise<Registration> {
  return request("GET", `/api/registrations/${id}`, decodeRegistration, { signal });
}

export function createRegistration(registration: NewRegistration, signal?: AbortSignal): Promise<Registration> {
  return request("POST", "/api/registrations", decodeRegistration, { body: registration, signal });
}

/** Starts the validation. Fails with status 409 if one is running already. */
export function startValidation(id: number): Promise<void> {
  return request("POST", `/api/registrations/${id}/process`, () => undefined, { body: {} });
}

interface RequestOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

async function request<T>(
  method: "GET" | "POST",
  path: string,
  decode: (value: unknown) => T,
  { body, signal }: RequestOptions,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  const abort = (): void => controller.abort();
  signal?.addEventListener("abort", abort);
  try {
    const response = await send(method, path, body, controller.signal);
    if (!response.ok) throw await problemOf(response);
    return await decodeBody(response, decode);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

async function send(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  const init: RequestInit = { method, headers, signal, cache: "no-store" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  try {
    return await fetch(path, init);
  } catch {
    throw new ApiError("unreachable", "The server can’t be reached. Check your connection, and try again.");
  }
}

async function decodeBody<T>(response: Response, decode: (value: unknown) => T): Promise<T> {
  try {
    return decode(await response.json());
  } catch (error) {
    const why = error instanceof Error ? error.message : "it is not JSON";
    throw new ApiError(
      "malformed",
      `The server’s answer can’t be read: ${why}. Load this page again. If that doesn’t help, report it.`,
      response.status,
    );
  }
}

/** Reads problem details (RFC 9457). The message is `detail`, else `title`, else it names the status. */
async function problemOf(response: Response): Promise<ApiError> {
  const problem: unknown = await response.json().catch(() => null);
  const fields = isObject(problem) ? [problem["detail"], problem["title"]] : [];
  const said = fields.find((field) => typeof field === "string" && field !== "");
  const message =
    accessProblems[response.status] ??
    (typeof said === "string" ? said : `The server failed with status ${response.status}. Try again in a moment.`);
  return new ApiError("refused", message, response.status);
}

/** Any thrown value as an `ApiError`. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError("malformed", error instanceof Error ? error.message : String(error));
}
