import { useQuery } from "@tanstack/react-query";
import { api, take } from "../api/client.ts";
import * as query from "../api/queries.ts";
import { session } from "../api/session.ts";
import { useAction } from "./action.ts";

const RENEWS = ["suppressions", "campaigns", "threads"];

type Whom = { id: string; platformId: string | null };

/** Whether the team writes to a person no more, and how that begins and ends; only an owner ends it. */
export function useSilence(profile: Whom | null | undefined, why: string) {
  const whom = profile ?? { id: "", platformId: null };
  const found = useQuery(query.suppressionOf(whom));
  const who = useQuery({ ...session(), retry: false });
  const begin = useAction({
    run: () => take(api.POST("/api/v2/suppressions", { body: { externalId: whom.id, reason: why } })),
    renews: RENEWS,
    done: "Nobody of the team writes to this person any more.",
  });
  const end = useAction({
    run: () => take(api.DELETE("/api/v2/suppressions/{profile_id}", { params: { path: { profile_id: whom.id } } })),
    renews: RENEWS,
    done: "They may be written to again. Sequences that were stopped stay stopped; campaigns that had not written to them yet may take them in again.",
  });
  const isSilenced = Boolean(found.data);
  const mayEnd = isSilenced && found.data?.source !== "forgotten" && who.data?.member?.role === "owner";
  return { isSilenced, mayEnd, begin, end };
}
