import createClient from "openapi-fetch";
import { fromAnswer, Problem } from "./problem.ts";
import type { paths } from "./schema.d.ts";

// Tells the server that a call comes from this page and no other; a session changes nothing without it.
const OWN_PAGE = { "X-Overture-Session": "1" };

/** The API, typed by its own document. Calls carry the session's cookie and are read by `take`. */
export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin", headers: OWN_PAGE });

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** What a call answers, or a `Problem` thrown. */
export async function take<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw fromAnswer(error, response.status);
  return data as T;
}

/** Whether an error means that nobody is signed in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof Problem && error.status === 401;
}

/** A call's answer of any kind by its address, for what the typed client cannot send, as files. */
export async function send<T>(path: string, init: RequestInit): Promise<T> {
  const headers = { ...OWN_PAGE, ...(init.headers as Record<string, string> | undefined) };
  const response = await fetch(path, { credentials: "same-origin", ...init, headers });
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw fromAnswer(body, response.status);
  return body as T;
}
