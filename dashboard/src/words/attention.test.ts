import { expect, it } from "vitest";
import { wayTo } from "./attention.ts";

const object = { type: "campaign" as const, id: "c1", name: "Fair" };

it("what needs attention leads to where it is mended", () => {
  expect(wayTo({ code: "leadsHeld", object })).toMatchObject({
    to: "/campaigns/$campaignId/leads",
    params: { campaignId: "c1" },
    search: { state: ["held"] },
  });
  expect(wayTo({ code: "budgetLow", object: { ...object, type: "platformApp" } })?.to).toBe("/settings/platform");
  expect(wayTo({ code: "budgetLow", object: { ...object, type: "accountLink" } })?.to).toBe("/accounts");
});

it("a team that is stopped has its switch above every page", () => {
  expect(wayTo({ code: "teamStopped", object: { ...object, type: "team" } })).toBeNull();
});
