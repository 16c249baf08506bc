import { Link } from "@tanstack/react-router";
import type { LeadFilter } from "../../api/queries.ts";
import { count } from "../../words/numbers.ts";
import style from "./LeadsCount.module.css";

/** A number of leads that opens them. */
export function LeadsCount({ campaignId, value, filter }: { campaignId: string; value: number; filter: LeadFilter }) {
  if (value === 0) return count(0);
  return (
    <Link
      to="/campaigns/$campaignId/leads"
      params={{ campaignId } as never}
      search={filter as never}
      className={`plain ${style.count}`}
    >
      {count(value)}
    </Link>
  );
}
