import type { Budget } from "../api/types.ts";

const CALLS: Record<Budget["endpoint"], string> = {
  send: "Messages",
  conversation: "Conversations read",
  inbox: "Inbox read",
  profiles: "Profiles looked up",
  usernames: "Usernames looked up",
  followers: "Followers listed",
  following: "Following listed",
  likes: "Likes listed",
};

const SOURCES: Record<Budget["source"], string> = {
  limit: "your own limit",
  ceiling: "the platform's ceiling for all clients of the account",
  told: "as the platform tells",
  published: "by the platform's published table",
};

/** A window's length as people say it: 15 min, 1 h, 24 h. */
export function windowOf(seconds: number): string {
  return seconds < 3_600 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

export function nameOf({ endpoint, windowSeconds, scope }: Budget): string {
  return `${CALLS[endpoint]}, ${windowOf(windowSeconds)}${scope === "app" ? ", whole app" : ""}`;
}

export function sourceOf({ source }: Budget): string {
  return SOURCES[source];
}

/**
 * What is worth a gauge: of each kind of call the budget that is nearest to its end, sending first; of sending every
 * window once, by the limit that bites first.
 */
export function gauges(budgets: Budget[]): Budget[] {
  const nearest = new Map<string, Budget>();
  for (const budget of budgets) {
    const isSend = budget.endpoint === "send";
    if (!isSend && budget.used === 0) continue;
    const key = isSend ? `send-${budget.windowSeconds}` : budget.endpoint;
    const known = nearest.get(key);
    if (!known || budget.left < known.left) nearest.set(key, budget);
  }
  return [...nearest.values()].sort(
    (a, b) => Number(b.endpoint === "send") - Number(a.endpoint === "send") || a.windowSeconds - b.windowSeconds,
  );
}
