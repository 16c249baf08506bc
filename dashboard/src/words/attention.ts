import type { Attention } from "../api/types.ts";

/** Where what needs attention is mended. */
export type Way = { label: string; to: string; params?: Record<string, string>; search?: Record<string, unknown> };

export function wayTo({ code, object }: Pick<Attention, "code" | "object">): Way | null {
  const params = { campaignId: object.id };
  switch (code) {
    case "leadsHeld":
      return { label: "Decide", to: "/campaigns/$campaignId/leads", params, search: { state: ["held"] } };
    case "campaignPaused":
      return { label: "Look", to: "/campaigns/$campaignId", params };
    case "accountOffline":
      return { label: "Link it again", to: "/accounts" };
    case "accountPaused":
    case "budgetLow":
      return { label: "Look", to: object.type === "platformApp" ? "/settings/platform" : "/accounts" };
    case "appPaused":
      return { label: "Look", to: "/settings/platform" };
    case "webhookFailing":
      return { label: "Look", to: "/settings/webhooks" };
    case "importFailed":
      return { label: "Go to lists", to: "/lists" };
    case "teamStopped":
      // The banner above every page has the switch.
      return null;
  }
}
