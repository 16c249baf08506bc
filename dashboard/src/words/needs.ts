import type { Account, Campaign } from "../api/types.ts";
import { counted } from "./numbers.ts";
import type { Tone } from "./states.ts";

/** Something that does not go on without a person, and the one click toward mending it. */
export type Need = {
  key: string;
  tone: Tone;
  title: string;
  text: string;
  link: { label: string; to: string; params?: Record<string, string>; search?: Record<string, unknown> };
};

type KnownAccount = Pick<Account, "id" | "username" | "status" | "pauseReasons">;
type KnownCampaign = Pick<
  Campaign,
  "id" | "name" | "status" | "enabled" | "pauseReason" | "heldCount" | "consentMissingCount" | "targetsCount"
>;

/** What needs somebody, the gravest first. */
export function needs(accounts: KnownAccount[], campaigns: KnownCampaign[]): Need[] {
  const found: Need[] = [];
  for (const account of accounts.filter(({ status }) => status === "offline")) {
    found.push({
      key: `offline-${account.id}`,
      tone: "bad",
      title: `@${account.username} is offline`,
      text: "The platform no longer lets it send. Its leads wait until it is linked again.",
      link: { label: "Link it again", to: "/accounts" },
    });
  }
  for (const campaign of campaigns) {
    const params = { campaignId: campaign.id };
    if (campaign.pauseReason) {
      found.push({
        key: `paused-${campaign.id}`,
        tone: "care",
        title: `${campaign.name} is paused`,
        text: campaign.pauseReason.message,
        link: { label: "Look", to: "/campaigns/$campaignId", params },
      });
    }
    if (campaign.heldCount > 0) {
      found.push({
        key: `held-${campaign.id}`,
        tone: "care",
        title: `${counted(campaign.heldCount, "lead")} held in ${campaign.name}`,
        text: "Each needs a decision or a value before it can go on.",
        link: { label: "Decide", to: "/campaigns/$campaignId/leads", params, search: { state: ["held"] } },
      });
    }
    if (campaign.status === "active" && campaign.targetsCount === 0 && campaign.consentMissingCount > 0) {
      found.push({
        key: `consent-${campaign.id}`,
        tone: "care",
        title: `${campaign.name} has nobody it may write to`,
        text: `${counted(campaign.consentMissingCount, "person has", "people have")} not agreed to be written to.`,
        link: { label: "See who", to: "/campaigns/$campaignId/leads", params, search: { state: ["excluded"] } },
      });
    }
  }
  for (const account of accounts.filter(
    ({ status, pauseReasons }) => status === "paused" && !pauseReasons.includes("manual"),
  )) {
    found.push({
      key: `account-${account.id}`,
      tone: "care",
      title: `@${account.username} is paused`,
      text: "It goes on by itself; the account says when and why.",
      link: { label: "Look", to: "/accounts" },
    });
  }
  return found;
}
