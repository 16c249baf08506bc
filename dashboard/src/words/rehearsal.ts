import type { Rehearsal } from "../api/types.ts";
import { count, counted } from "./numbers.ts";
import { LEAD_STATES, reason } from "./states.ts";
import { moment } from "./time.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** Why leads that could be written to are not, in a rehearsal. */
const WAITS: Record<string, string> = {
  otherCampaign: "another campaign is writing to them",
  noAccount: "no account can write to them",
  noSendingHours: "there are no sending hours",
  later: "their turn comes later than a rehearsal looks",
};

/** What leaves, and by when. */
export function comesTo(told: Rehearsal): string {
  if (told.messages === 0) return "Nothing would leave";
  const most = Math.max(...told.days.map(({ messages }) => messages));
  const pace = told.days.length > 1 ? `, at most ${count(most)} on one day` : "";
  const end = told.finishesAt
    ? `, the last about ${moment(told.finishesAt)}`
    : " as far as a rehearsal looks, and more later";
  return `${counted(told.messages, "message")}${end}${pace}`;
}

/** By how much sooner or later one rehearsal ends than another; null where that cannot be told, or is the same. */
export function shift(told: Rehearsal, before: Rehearsal): string | null {
  if (!told.finishesAt || !before.finishesAt) return null;
  const by = Date.parse(told.finishesAt) - Date.parse(before.finishesAt);
  if (Math.abs(by) < HOUR) return null;
  const size =
    Math.abs(by) < 2 * DAY
      ? counted(Math.round(Math.abs(by) / HOUR), "hour")
      : counted(Math.round(Math.abs(by) / DAY), "day");
  return by < 0 ? `${size} sooner` : `${size} later`;
}

/** Who is not reached and why, a line each. */
export function notReached(told: Rehearsal): string[] {
  const lines = told.unreached.map(
    (one) =>
      `${count(one.count)}: ${
        one.state === "ready" ? (WAITS[one.reason ?? ""] ?? one.reason) : why(one.state, one.reason)
      }`,
  );
  if (told.stalled) lines.push(`${count(told.stalled)} under way: no account can go on with them`);
  return lines;
}

function why(state: keyof typeof LEAD_STATES, code: string | null): string {
  return code ? reason(code, state) : LEAD_STATES[state].label.toLowerCase();
}
