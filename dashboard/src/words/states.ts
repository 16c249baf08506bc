import type { Account, Campaign, LeadStage, LeadState } from "../api/types.ts";

/**
 * Five tones carry all states, so that a colour always means the same:
 * quiet (nothing to do), running (going on by itself), good (an answer, an end), care (a person is needed), bad (refused).
 */
export type Tone = "quiet" | "running" | "good" | "care" | "bad";

export const COLORS: Record<Tone, string> = {
  quiet: "gray",
  running: "petrol",
  good: "green",
  care: "orange",
  bad: "red",
};

export const LEAD_STATES: Record<LeadState, { label: string; tone: Tone; meaning: string }> = {
  assessing: {
    label: "Assessing",
    tone: "quiet",
    meaning: "Not known yet whether an account can write to the person.",
  },
  ready: { label: "Ready", tone: "running", meaning: "Reachable, waiting for the first message." },
  inSequence: { label: "In sequence", tone: "running", meaning: "Written to, more to come." },
  replied: { label: "Replied", tone: "good", meaning: "Answered; the sequence has stopped." },
  finished: { label: "Finished", tone: "quiet", meaning: "All steps done, no answer." },
  held: { label: "Held", tone: "care", meaning: "Needs a person or a value before it can go on." },
  failed: { label: "Failed", tone: "bad", meaning: "Refused for good after it had been written to." },
  canceled: { label: "Canceled", tone: "quiet", meaning: "Stopped by the team, or answered another account." },
  unreachable: { label: "Unreachable", tone: "bad", meaning: "No account can write to the person." },
  excluded: { label: "Left out", tone: "quiet", meaning: "Kept out by a rule, by opting out or for want of consent." },
  removed: { label: "Removed", tone: "quiet", meaning: "Deleted by hand, or left every list that brought it." },
};

/** How far leads have come, in the words of the funnel. */
export const LEAD_STAGES: Record<LeadStage, string> = {
  inScope: "In scope",
  reachable: "Reachable",
  contacted: "Contacted",
  followedUp: "Followed up",
  replied: "Answered",
};

export const CAMPAIGN_STATES: Record<Campaign["status"], { label: string; tone: Tone }> = {
  draft: { label: "Draft", tone: "quiet" },
  active: { label: "Active", tone: "running" },
  paused: { label: "Paused", tone: "care" },
  completed: { label: "Completed", tone: "good" },
};

export const ACCOUNT_STATES: Record<Account["status"], { label: string; tone: Tone }> = {
  active: { label: "Active", tone: "running" },
  offline: { label: "Offline", tone: "bad" },
  paused: { label: "Paused", tone: "care" },
};

/** Why a lead stands where it stands, as it is chosen from; those with more to say are told by `reason`. */
export const REASONS: Record<string, string> = {
  variableMissing: "has no value for a variable",
  invalid: "the platform found the message invalid",
  textTooLong: "the text is longer than the platform takes",
  notFound: "cannot be found on the platform",
  restored: "may have been sent between a backup and its restore",
  wroteFirst: "wrote before the first message; you decide",
  senderRefused: "the platform refused the account twice",
  noMessage: "no message is left to send",
  closed: "does not take messages from this account",
  protected: "the profile is protected",
  blocked: "has blocked the account",
  suspended: "the profile is suspended",
  excludedList: "is in an excluded list",
  contacted: "was contacted before",
  mutual: "has a conversation with you already",
  consentMissing: "has not agreed to be written to",
  suppressed: "is on the list of people never written to",
  leftLists: "left the lists that brought it",
  deletedByHand: "was removed by hand",
  stopped: "was stopped by hand",
  skipped: "was skipped on release",
  answeredElsewhere: "answered another account of the team",
  accountGone: "the account is gone",
};

/** A reason in words; `variableMissing:bio` names what is missing, by what `names` calls it. */
export function reason(code: string, state?: LeadState, names: Record<string, string> = {}): string {
  if (code === "notFound" && state === "held") return "nobody can tell whether the message arrived";
  const [kind = code, what] = code.split(":");
  if (kind === "variableMissing")
    return `has no value for “${what ? (names[what] ?? what) : "a variable"}”, and there is no fallback`;
  if (kind === "invalid") return `the platform found the message invalid${what ? ` (${what})` : ""}`;
  return REASONS[kind] ?? spaced(kind);
}

/** A code of the API as words: `answeredElsewhere` is answered elsewhere. */
export function spaced(code: string): string {
  return code.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}
