import { useQuery } from "@tanstack/react-query";
import * as query from "../../api/queries.ts";
import { VARIABLES } from "../../words/message.ts";

/** What the variables of a campaign's texts are called, by what they are known by in texts and reasons. */
export function useVariableNames(campaignId: string): Record<string, string> {
  const columns = useQuery(query.campaignColumns(campaignId));
  return { ...VARIABLES, ...Object.fromEntries((columns.data ?? []).map(({ id, name }) => [id, name])) };
}
