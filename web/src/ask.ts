/** A question to `/api/v1`: one answer as JSON, or a reason in words for the user. */

import { toLogin } from "./login";

/** What went wrong with a question, in words for the user. `status`: of the answer, 0 when there was none. */
export class QuestionError extends Error {
  constructor(
    message: string,
    readonly status = 0,
  ) {
    super(message);
  }
}

export async function ask(url: string, signal: AbortSignal): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, { signal, headers: { accept: "application/json" } });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new QuestionError("The monitor did not answer.");
  }
  if (response.status === 401) toLogin();
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const message = (body as { error?: { message?: unknown } } | null)?.error?.message;
    throw new QuestionError(typeof message === "string" ? message : `The monitor answered ${response.status}.`, response.status);
  }
  return body;
}

/** `/api/v1/PATH` with a window that begins at `from` ("-30d"), for the nodes shown; `parts` of the answer, none = all of it. */
export function questionUrl(base: string, path: string, from: string | null, nodes: readonly string[] | null, parts: readonly string[] = []): string {
  const url = new URL(`api/v1/${path}`, base);
  if (from !== null) url.searchParams.set("from", from);
  for (const name of nodes ?? []) url.searchParams.append("node", name);
  for (const part of parts) url.searchParams.append("part", part);
  return url.href;
}
