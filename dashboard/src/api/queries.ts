import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, take } from "./client.ts";
import { all, paged } from "./paging.ts";
import type {
  Campaign,
  CampaignSort,
  Folder,
  ImportJob,
  LeadStage,
  LeadState,
  RehearseBody,
  RulesBody,
  StepBody,
} from "./types.ts";

// Every key begins with its noun: `live.ts` renews by nouns what an event has changed.

const LIMIT = 100;

export type CampaignFilter = {
  status?: Campaign["status"][];
  q?: string;
  sort?: CampaignSort;
  order?: "asc" | "desc";
};
export type LeadFilter = {
  state?: LeadState[];
  reason?: string[];
  accountLinkId?: string[];
  stepId?: string[];
  stage?: LeadStage;
  sentStepId?: string;
  answeredStepId?: string;
  option?: string;
  statusId?: string[];
  q?: string;
};
export type ThreadFilter = {
  folder?: Folder;
  q?: string;
  status?: string[];
  campaignId?: string[];
  contactId?: string[];
  accountLinkId?: string[];
  assigneeId?: string[];
  unassigned?: boolean;
};

export const team = () =>
  queryOptions({ queryKey: ["team"], queryFn: () => take(api.GET("/api/v2/team")), staleTime: 60_000 });

export const members = () =>
  queryOptions({
    queryKey: ["members"],
    queryFn: () => all((cursor) => take(api.GET("/api/v2/members", { params: { query: { limit: LIMIT, cursor } } }))),
    staleTime: 60_000,
  });

export const platforms = () =>
  queryOptions({
    queryKey: ["platforms"],
    queryFn: () => take(api.GET("/api/v2/platforms")),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const accounts = () =>
  queryOptions({
    queryKey: ["accounts"],
    queryFn: () =>
      all((cursor) => take(api.GET("/api/v2/account-links", { params: { query: { limit: LIMIT, cursor } } }))),
    staleTime: 10_000,
    // Budgets fill up again with time, of which no event tells.
    refetchInterval: 30_000,
  });

export const statuses = () =>
  queryOptions({
    queryKey: ["statuses"],
    queryFn: () => all((cursor) => take(api.GET("/api/v2/statuses", { params: { query: { limit: LIMIT, cursor } } }))),
    staleTime: 60_000,
    // No event tells of another order.
    refetchInterval: 60_000,
  });

export const colors = () =>
  queryOptions({
    queryKey: ["colors"],
    queryFn: () => take(api.GET("/api/v2/colors")),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const tags = () =>
  queryOptions({
    queryKey: ["tags"],
    queryFn: () => all((cursor) => take(api.GET("/api/v2/tags", { params: { query: { limit: LIMIT, cursor } } }))),
    staleTime: 60_000,
    refetchInterval: 60_000,
  });

export const lists = () =>
  queryOptions({
    queryKey: ["lists", "all"],
    queryFn: () => all((cursor) => take(api.GET("/api/v2/lists", { params: { query: { limit: LIMIT, cursor } } }))),
    // No event tells of a list that somebody else makes or renames.
    refetchInterval: 15_000,
  });

export const list = (id: string) =>
  queryOptions({
    queryKey: ["lists", id],
    queryFn: () => take(api.GET("/api/v2/lists/{list_id}", { params: { path: { list_id: id } } })),
  });

export const listColumns = (id: string) =>
  queryOptions({
    queryKey: ["lists", id, "columns"],
    queryFn: () =>
      all((cursor) =>
        take(
          api.GET("/api/v2/lists/{list_id}/columns", {
            params: { path: { list_id: id }, query: { limit: LIMIT, cursor } },
          }),
        ),
      ),
  });

export const listLeads = (id: string) =>
  paged(["lists", id, "leads"], (cursor) =>
    take(
      api.GET("/api/v2/lists/{list_id}/leads", { params: { path: { list_id: id }, query: { limit: LIMIT, cursor } } }),
    ),
  );

export const importJobs = (id: string) =>
  queryOptions({
    queryKey: ["imports", id],
    queryFn: async () =>
      (
        await take(
          api.GET("/api/v2/lists/{list_id}/import-jobs", { params: { path: { list_id: id }, query: { limit: 20 } } }),
        )
      ).data,
    refetchInterval: (query) => soonWhileOpen(query.state.data),
  });

export const histories = (accountId: string) =>
  queryOptions({
    queryKey: ["imports", accountId],
    queryFn: async () =>
      (
        await take(
          api.GET("/api/v2/account-links/{account_link_id}/import-jobs", {
            params: { path: { account_link_id: accountId }, query: { limit: 20 } },
          }),
        )
      ).data,
    refetchInterval: (query) => soonWhileOpen(query.state.data),
  });

/** A running import tells no event of its progress, so it is looked at. */
const soonWhileOpen = (jobs: ImportJob[] = []) =>
  jobs.some(({ status }) => ["queued", "starting", "running", "paused"].includes(status)) ? 1_000 : (false as const);

export const campaigns = (filter: CampaignFilter = {}) =>
  paged(["campaigns", "list", filter], (cursor) =>
    take(api.GET("/api/v2/campaigns", { params: { query: { ...filter, limit: LIMIT, cursor } } })),
  );

export const campaign = (id: string) =>
  queryOptions({
    queryKey: ["campaigns", id],
    queryFn: () => take(api.GET("/api/v2/campaigns/{campaign_id}", { params: { path: { campaign_id: id } } })),
    // Sync and plan go on without events; while they run, their numbers are looked at.
    refetchInterval: (query) => {
      const now = query.state.data;
      const isPreparing = now && (now.isSyncing || now.isBuildingPlan || now.scopeAssessedCount < now.targetsCount);
      return isPreparing ? 2_000 : 30_000;
    },
  });

export const campaignColumns = (id: string) =>
  queryOptions({
    queryKey: ["campaigns", id, "columns"],
    queryFn: () =>
      all((cursor) =>
        take(
          api.GET("/api/v2/campaigns/{campaign_id}/columns", {
            params: { path: { campaign_id: id }, query: { limit: LIMIT, cursor } },
          }),
        ),
      ),
  });

export const preflight = (id: string) =>
  queryOptions({
    queryKey: ["campaigns", id, "preflight"],
    queryFn: () =>
      take(api.GET("/api/v2/campaigns/{campaign_id}/preflight", { params: { path: { campaign_id: id } } })),
    staleTime: 0,
  });

export const campaignLeads = (id: string, filter: LeadFilter = {}) =>
  paged(["campaigns", id, "leads", filter], (cursor) =>
    take(
      api.GET("/api/v2/campaigns/{campaign_id}/leads", {
        params: { path: { campaign_id: id }, query: { ...filter, limit: LIMIT, cursor } },
      }),
    ),
  );

export const campaignLead = (id: string, platformId: string) =>
  queryOptions({
    queryKey: ["campaigns", id, "leads", platformId],
    queryFn: () =>
      take(
        api.GET("/api/v2/campaigns/{campaign_id}/leads/{identifier}", {
          params: { path: { campaign_id: id, identifier: platformId } },
        }),
      ),
  });

export const timeline = (id: string, platformId: string) =>
  paged(["campaigns", id, "leads", platformId, "timeline"], (cursor) =>
    take(
      api.GET("/api/v2/campaigns/{campaign_id}/leads/{identifier}/timeline", {
        params: { path: { campaign_id: id, identifier: platformId }, query: { limit: LIMIT, cursor } },
      }),
    ),
  );

export const preview = (id: string, platformId: string) =>
  queryOptions({
    queryKey: ["campaigns", id, "leads", platformId, "preview"],
    queryFn: () =>
      take(
        api.GET("/api/v2/campaigns/{campaign_id}/leads/{identifier}/preview", {
          params: { path: { campaign_id: id, identifier: platformId } },
        }),
      ),
  });

/** How messages that are not saved would read for one lead. */
export const draftPreview = (id: string, platformId: string, steps: StepBody[]) =>
  queryOptions({
    queryKey: ["campaigns", id, "drafts", platformId, steps],
    queryFn: () =>
      take(
        api.POST("/api/v2/campaigns/{campaign_id}/leads/{identifier}/preview", {
          params: { path: { campaign_id: id, identifier: platformId } },
          body: { steps },
        }),
      ),
    placeholderData: keepPreviousData,
    gcTime: 10_000,
  });

/** Whom a sequence that is not saved would concern. */
export const sequenceEffect = (id: string, steps: StepBody[], appliesTo: "all" | "new") =>
  queryOptions({
    queryKey: ["campaigns", id, "effects", steps, appliesTo],
    queryFn: () =>
      take(
        api.PUT("/api/v2/campaigns/{campaign_id}/sequence", {
          params: { path: { campaign_id: id } },
          body: { steps, appliesTo, checkOnly: true },
        }),
      ),
    placeholderData: keepPreviousData,
    gcTime: 10_000,
    retry: false,
  });

export const rulesEffect = (id: string, rules: RulesBody) =>
  queryOptions({
    // Not among the campaigns: everybody of large lists would be gone through again with every message that leaves.
    queryKey: ["effects", id, rules],
    refetchInterval: 15_000,
    queryFn: () =>
      take(
        api.POST("/api/v2/campaigns/{campaign_id}/rules/preview", {
          params: { path: { campaign_id: id } },
          body: rules,
        }),
      ),
    placeholderData: keepPreviousData,
    gcTime: 10_000,
    retry: false,
  });

/** A campaign in virtual time, as it is set or otherwise. */
export const rehearsal = (id: string, body: RehearseBody) =>
  queryOptions({
    // As above: a message that leaves changes little of what comes of all of them.
    queryKey: ["effects", id, "rehearsal", body],
    staleTime: 15_000,
    queryFn: () =>
      take(
        api.POST("/api/v2/campaigns/{campaign_id}/rehearsal", {
          params: { path: { campaign_id: id } },
          body,
        }),
      ),
    placeholderData: keepPreviousData,
    gcTime: 10_000,
    retry: false,
  });

export const overview = () =>
  queryOptions({
    queryKey: ["overview"],
    queryFn: () => take(api.GET("/api/v2/team/overview")),
    refetchInterval: 30_000,
  });

const HOURS_SHOWN = 72;

/** What has come of a campaign, over all its time. */
export const analytics = (id: string) =>
  queryOptions({
    queryKey: ["campaigns", id, "analytics"],
    queryFn: () =>
      take(api.GET("/api/v2/campaigns/{campaign_id}/analytics", { params: { path: { campaign_id: id } } })),
  });

/** The last hours in which something happened; `lastDay`: the last day that the results of the campaign tell of. */
export const lastHours = (id: string, lastDay: string) => {
  const to = new Date(new Date(lastDay).getTime() + 24 * 3_600_000);
  const from = new Date(to.getTime() - HOURS_SHOWN * 3_600_000);
  return queryOptions({
    queryKey: ["campaigns", id, "analytics", lastDay],
    queryFn: () =>
      take(
        api.GET("/api/v2/campaigns/{campaign_id}/analytics", {
          params: {
            path: { campaign_id: id },
            query: { interval: "hour", from: from.toISOString(), to: to.toISOString() },
          },
        }),
      ),
  });
};

export const threads = (filter: ThreadFilter) =>
  paged(["threads", "list", filter], (cursor) =>
    take(
      api.GET("/api/v2/threads", {
        params: {
          query: { ...filter, expand: ["accountLink", "profile", "contact", "assignee"], limit: 50, cursor },
        },
      }),
    ),
  );

export const thread = (id: string) =>
  queryOptions({
    queryKey: ["threads", id],
    queryFn: () =>
      take(
        api.GET("/api/v2/threads/{thread_id}", {
          params: { path: { thread_id: id }, query: { expand: ["accountLink", "profile", "contact", "assignee"] } },
        }),
      ),
  });

export const messages = (threadId: string) =>
  paged(["threads", threadId, "messages"], (cursor) =>
    take(
      api.GET("/api/v2/threads/{thread_id}/messages", {
        params: { path: { thread_id: threadId }, query: { order: "desc", expand: ["sentBy"], limit: 50, cursor } },
      }),
    ),
  );

export const contact = (id: string) =>
  queryOptions({
    queryKey: ["contacts", id],
    queryFn: () =>
      take(
        api.GET("/api/v2/contacts/{contact_id}", {
          params: { path: { contact_id: id }, query: { expand: ["status", "tags", "assignee"] } },
        }),
      ),
  });

export const tokens = () =>
  queryOptions({
    queryKey: ["tokens"],
    queryFn: () => all((cursor) => take(api.GET("/api/v2/tokens", { params: { query: { limit: LIMIT, cursor } } }))),
  });

export const webhooks = () =>
  queryOptions({
    queryKey: ["webhooks"],
    queryFn: () => all((cursor) => take(api.GET("/api/v2/webhooks", { params: { query: { limit: LIMIT, cursor } } }))),
  });

export const deliveries = (id: string) =>
  queryOptions({
    queryKey: ["webhooks", id, "deliveries"],
    queryFn: async () =>
      (
        await take(
          api.GET("/api/v2/webhooks/{webhook_id}/deliveries", {
            params: { path: { webhook_id: id }, query: { limit: 20 } },
          }),
        )
      ).data,
    refetchInterval: 5_000,
  });

export const suppressions = (q: string) =>
  paged(["suppressions", q], (cursor) =>
    take(api.GET("/api/v2/suppressions", { params: { query: { ...(q && { q }), limit: LIMIT, cursor } } })),
  );

/** What stops the team from writing to one person; null: nothing does. */
export const suppressionOf = (profile: { id: string; platformId: string | null }) =>
  queryOptions({
    queryKey: ["suppressions", "of", profile.id],
    queryFn: async () => {
      const query = { q: profile.platformId ?? "", limit: LIMIT };
      const { data } = await take(api.GET("/api/v2/suppressions", { params: { query } }));
      return data.find((one) => one.profile.id === profile.id) ?? null;
    },
    enabled: profile.platformId !== null,
  });

export const audit = () =>
  paged(["audit"], (cursor) => take(api.GET("/api/v2/audit", { params: { query: { limit: LIMIT, cursor } } })));

export const policy = (platform: string) =>
  queryOptions({
    queryKey: ["policy", platform],
    queryFn: () => take(api.GET("/api/v2/platforms/{platform}/policy", { params: { path: { platform } } })),
  });

/** The team's own app on a platform where one is registered. */
export const app = (platform: string) =>
  queryOptions({
    queryKey: ["app", platform],
    queryFn: () => take(api.GET("/api/v2/platforms/{platform}/app", { params: { path: { platform } } })),
  });

export const costs = (platform: string) =>
  queryOptions({
    queryKey: ["costs", platform],
    queryFn: () =>
      take(api.GET("/api/v2/platforms/{platform}/costs", { params: { path: { platform }, query: { days: 30 } } })),
  });
