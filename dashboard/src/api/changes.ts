import { api, take } from "./client.ts";
import type { components } from "./schema.d.ts";
import type { Campaign, Decision } from "./types.ts";

type Schemas = components["schemas"];

// Changes that more than one page makes.

export const enableCampaign = (id: string): Promise<Campaign> =>
  take(api.POST("/api/v2/campaigns/{campaign_id}/enable", { params: { path: { campaign_id: id } } }));

export const disableCampaign = (id: string): Promise<Campaign> =>
  take(api.POST("/api/v2/campaigns/{campaign_id}/disable", { params: { path: { campaign_id: id } } }));

export const changeCampaign = (id: string, body: Schemas["ChangeCampaign"]): Promise<Campaign> =>
  take(api.PATCH("/api/v2/campaigns/{campaign_id}", { params: { path: { campaign_id: id } }, body }));

export type Chosen = Pick<Schemas["ChosenLeads"], "platformIds" | "filter">;

export const cancelLeads = (id: string, body: Chosen) =>
  take(api.POST("/api/v2/campaigns/{campaign_id}/leads/cancel", { params: { path: { campaign_id: id } }, body }));

export const restoreLeads = (id: string, body: Chosen) =>
  take(api.POST("/api/v2/campaigns/{campaign_id}/leads/restore", { params: { path: { campaign_id: id } }, body }));

export const releaseLeads = (id: string, action: Decision, body: Chosen) =>
  take(
    api.POST("/api/v2/campaigns/{campaign_id}/leads/release", {
      params: { path: { campaign_id: id } },
      body: { ...body, action },
    }),
  );
