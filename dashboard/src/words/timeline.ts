import type { TimelineEntry } from "../api/types.ts";
import { reason, spaced } from "./states.ts";

const VERDICTS: Record<string, string> = {
  open: "can write to the person",
  follows: "can write: the person follows the account",
  conversation: "can write: they have a conversation",
  closed: "cannot write: the person takes no messages from it",
  protected: "cannot write: the profile is protected",
  blocked: "cannot write: the person has blocked it",
  suspended: "cannot write: the profile is suspended",
  notFound: "cannot write: the profile cannot be found",
  consentMissing: "may not write: the person has not agreed",
  unknown: "could not tell whether it can write",
};

const OUTCOMES: Record<string, string> = {
  intent: "is sending a message",
  unknown: "sent a message; whether it arrived is not known yet",
  accepted: "sent a message",
  refused: "was refused a message",
  notSent: "could not send a message; it is due again",
  held: "sent a message that a person gave up on",
};

/** An entry of a lead's timeline in a sentence; `accounts` and `variables` are names by id. */
export function told(
  entry: TimelineEntry,
  accounts: Record<string, string>,
  variables: Record<string, string> = {},
): string {
  const account = entry.accountLinkId ? (accounts[entry.accountLinkId] ?? "An account") : "An account";
  const why = entry.reason ? `: ${reason(entry.reason, undefined, variables)}` : "";
  const by = entry.by ? ` by ${entry.by}` : "";
  switch (entry.type) {
    case "joined":
      return "Joined the campaign";
    case "assessed":
      return `${account} ${VERDICTS[entry.result ?? ""] ?? spaced(entry.result ?? "was asked")}`;
    case "assigned":
      return `Given to ${account}`;
    case "attempt":
      return `${account} ${OUTCOMES[entry.result ?? ""] ?? spaced(entry.result ?? "tried")}${why}`;
    case "received":
      return `Wrote to ${account}`;
    case "replied":
      return "Answered; the sequence stops";
    case "liked":
      return `${account} liked a post of theirs`;
    case "stepSkipped":
      return `A step was skipped${why}`;
    case "held":
      return `Held${why}`;
    case "excluded":
      return `Left out${why}`;
    case "unreachable":
      return `Unreachable${why}`;
    case "removed":
      return `Removed${by}${why}`;
    case "canceled":
      return `Stopped${by}${why}`;
    case "failed":
      return `Failed${why}`;
    case "finished":
      return "All steps are done";
    case "returned":
      return "Came back into the campaign";
    case "restored":
      return `Restored${by}`;
    case "released":
      return `Released${by}`;
    case "continued":
      return `Judged no answer${by}: it goes on`;
    case "suppressed":
      return "Asked not to be written to any more";
  }
}
