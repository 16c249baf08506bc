import type { ConsentBasis } from "../api/types.ts";

/** The one question about people who are added: how do they know you? */
export const BASES: Record<ConsentBasis, { label: string; evidence: string }> = {
  wroteToUs: { label: "They wrote to us", evidence: "Where and when, as “Support inbox, October”" },
  signedUp: { label: "They signed up to hear from us", evidence: "Which form or list, as “Newsletter form, 2026”" },
  agreedInConversation: {
    label: "They agreed in a conversation",
    evidence: "Which one, as “At our booth, autumn fair”",
  },
};
