import type { QueryClient } from "@tanstack/react-query";
import { Cutter } from "./stream.ts";
import type { Event } from "./types.ts";

const ADDRESS = "/api/v2/events";
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000];
// A campaign at full speed tells of many events a second; what they changed is read again at most this often,
const RENEW_MS = 800;
// and so that the calls of all renewals together stay far below what a team may make in a minute.
const CALL_MS = 500;
// What happens together is told together.
const GATHER_MS = 50;
// The server says something every 15 s; when it says nothing for so long, the line is dead although nobody closed it.
const SILENCE_MS = 45_000;

/** What the page shows that an event may have changed: the first words of query keys. */
export function nounsOf(type: string): string[] {
  const [object = "", deed = ""] = type.split(".");
  switch (object) {
    case "campaign":
      return ["campaigns", "overview"];
    case "target":
      // What was sent has used up something of its account's budgets, too.
      return ["campaigns", "overview", "accounts", ...(deed === "replied" ? ["threads"] : [])];
    case "message":
      return ["threads", "accounts"];
    case "thread":
      return ["threads"];
    case "contact":
      return ["contacts", "threads"];
    case "tag":
      return ["tags", "threads"];
    case "status":
      return ["statuses", "threads"];
    case "accountLink":
      return ["accounts", "campaigns", "overview"];
    case "import":
      return ["imports", "lists", "overview"];
    case "webhook":
      return ["webhooks", "overview"];
    default:
      return [];
  }
}

/** How many calls it takes to read again what is shown of a noun: a list that was scrolled takes one for each page. */
function callsOf(queries: QueryClient, noun: string): number {
  return queries
    .getQueryCache()
    .findAll({ queryKey: [noun], type: "active" })
    .map(({ state }) => (state.data as { pages?: unknown[] } | undefined)?.pages?.length ?? 1)
    .reduce((sum, calls) => sum + calls, 0);
}

/** Follow the team's events until stopped, and renew what they change; goes on where it broke off. */
export function follow(queries: QueryClient): () => void {
  const stop = new AbortController();
  const stale = new Set<string>();
  let renewal: ReturnType<typeof setTimeout> | null = null;
  let restsUntil = Number.NEGATIVE_INFINITY;
  let last: string | null = null;

  function renew(): void {
    renewal = null;
    let calls = 0;
    for (const noun of stale) {
      calls += callsOf(queries, noun);
      void queries.invalidateQueries({ queryKey: [noun] });
    }
    restsUntil = performance.now() + Math.max(RENEW_MS, calls * CALL_MS);
    stale.clear();
  }

  function note(event: Event): void {
    for (const noun of nounsOf(event.type)) stale.add(noun);
    if (stale.size === 0 || renewal !== null) return;
    renewal = setTimeout(renew, Math.max(GATHER_MS, restsUntil - performance.now()));
  }

  async function listen(isFirst: boolean): Promise<void> {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (last !== null) headers["Last-Event-ID"] = last;
    const line = new AbortController();
    const signal = AbortSignal.any([stop.signal, line.signal]);
    const response = await fetch(ADDRESS, { headers, credentials: "same-origin", signal });
    if (!response.ok || !response.body) throw new Error(`events: ${response.status}`);
    // Without a number to go on from, nobody can tell what was missed: all that is shown is read again.
    if (last === null) void queries.invalidateQueries(undefined, { cancelRefetch: !isFirst });
    const cutter = new Cutter();
    for await (const piece of pieces(response.body, () => line.abort())) {
      for (const sent of cutter.take(piece)) {
        if (sent.id !== null) last = sent.id;
        note(JSON.parse(sent.data) as Event);
      }
    }
  }

  async function keepListening(): Promise<void> {
    let failures = 0;
    let isFirst = true;
    while (!stop.signal.aborted) {
      try {
        await listen(isFirst);
        failures = 0;
      } catch {
        failures += 1;
      }
      isFirst = false;
      if (stop.signal.aborted) return;
      await new Promise((done) => setTimeout(done, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]));
    }
  }

  void keepListening();
  return () => {
    stop.abort();
    if (renewal !== null) clearTimeout(renewal);
  };
}

async function* pieces(body: ReadableStream<Uint8Array>, onSilence: () => void): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  for (;;) {
    const silence = setTimeout(onSilence, SILENCE_MS);
    try {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    } finally {
      clearTimeout(silence);
    }
  }
}
