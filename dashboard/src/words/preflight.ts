import type { Issue } from "../api/types.ts";

/** The part of a campaign where an issue is mended, or null where it is none of its own. */
export function placeOf(issue: Pick<Issue, "path" | "code">): "audience" | "sequence" | "schedule" | "settings" | null {
  switch (issue.path[0]) {
    case "sequence":
      return "sequence";
    case "rules":
    case "leads":
    case "columns":
      return "audience";
    case "scheduleHours":
    case "scheduleTimezone":
    case "hourlyMessageRate":
      return "schedule";
    case "accountLinkIds":
      return "settings";
    default:
      return null;
  }
}
