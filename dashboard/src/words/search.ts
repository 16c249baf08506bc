import type { LeadFilter } from "../api/queries.ts";
import type { Campaign, CampaignSort, Folder } from "../api/types.ts";
import { CAMPAIGN_STATES, LEAD_STAGES, LEAD_STATES } from "./states.ts";

// An address can be typed by hand: whatever is not known in it is left out.

type Search = Record<string, unknown>;

function text(value: unknown): string | undefined {
  return (typeof value === "string" && value !== "") || typeof value === "number" ? String(value) : undefined;
}

function texts(value: unknown): string[] | undefined {
  const known = (Array.isArray(value) ? value : [value]).map(text).filter((one) => one !== undefined);
  return known.length ? known : undefined;
}

function chosen<T extends string>(value: unknown, known: Record<T, unknown>): T[] | undefined {
  const found = (texts(value) ?? []).filter((one): one is T => Object.hasOwn(known, one));
  return found.length ? found : undefined;
}

const CAMPAIGN_SORTS: Record<CampaignSort, true> = {
  createdAt: true,
  name: true,
  status: true,
  targetsCount: true,
  contactedCount: true,
  repliesCount: true,
  completionRate: true,
};

export function campaignFilter(search: Search): {
  status?: Campaign["status"][];
  q?: string;
  sort?: CampaignSort;
  order?: "asc" | "desc";
} {
  return without({
    status: chosen(search.status, CAMPAIGN_STATES),
    q: text(search.q),
    sort: chosen(search.sort, CAMPAIGN_SORTS)?.[0],
    order: chosen(search.order, { asc: true, desc: true })?.[0],
  });
}

export function leadFilter(search: Search): LeadFilter {
  return without({
    state: chosen(search.state, LEAD_STATES),
    reason: texts(search.reason),
    accountLinkId: texts(search.accountLinkId),
    stepId: texts(search.stepId),
    stage: chosen(search.stage, LEAD_STAGES)?.[0],
    sentStepId: text(search.sentStepId),
    answeredStepId: text(search.answeredStepId),
    option: text(search.option),
    statusId: texts(search.statusId),
    q: text(search.q),
  });
}

export const FOLDERS: Record<Folder, string> = {
  inbox: "Inbox",
  noReply: "To be answered",
  requests: "Requests",
  archived: "Archived",
  all: "All",
};

export function threadFilter(search: Search): {
  folder?: Folder;
  q?: string;
  status?: string[];
  campaignId?: string[];
  accountLinkId?: string[];
} {
  return without({
    folder: chosen(search.folder, FOLDERS)?.[0],
    q: text(search.q),
    status: texts(search.status),
    campaignId: texts(search.campaignId),
    accountLinkId: texts(search.accountLinkId),
  });
}

export function peopleSearch(search: Search): { view?: "board"; q?: string; status?: string[] } {
  return without({
    view: search.view === "board" ? ("board" as const) : undefined,
    q: text(search.q),
    status: texts(search.status),
  });
}

export function signInSearch(search: Search): { from?: string } {
  const from = text(search.from);
  // Only a way back within this page, never to another host.
  return from && /^\/(?![/\\])/.test(from) ? { from } : {};
}

function without<T extends object>(search: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as never;
}
