import { useQuery } from "@tanstack/react-query";
import * as query from "../../api/queries.ts";
import type { Campaign, StepBody } from "../../api/types.ts";
import { glance, VARIABLES } from "../../words/message.ts";
import { drafts } from "../../words/steps.ts";
import { wait } from "../../words/time.ts";

/** What the variables of a campaign's texts are called, by what they are known by in texts and reasons. */
export function useVariableNames(campaignId: string): Record<string, string> {
  const columns = useQuery(query.campaignColumns(campaignId));
  return { ...VARIABLES, ...Object.fromEntries((columns.data ?? []).map(({ id, name }) => [id, name])) };
}

/** The steps of a campaign in their order: each by its id, with what it says or how long it waits. */
export function useStepNames(campaign: Campaign | undefined): Map<string, string> {
  const names = useVariableNames(campaign?.id ?? "");
  if (!campaign) return new Map();
  return new Map(drafts(campaign.sequence).map(({ step }) => [step.id ?? "", named(step, names)]));
}

function named(step: StepBody, names: Record<string, string>): string {
  if (step.type === "message") return glance(step.data.segments, names);
  return step.type === "delay" ? `Wait ${wait(step.data.delaySeconds, step.data.unit)}` : "Like";
}
