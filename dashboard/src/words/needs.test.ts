import { expect, it } from "vitest";
import { needs } from "./needs.ts";

const account = { id: "a1", username: "ana", status: "active" as const, pauseReasons: [] };
const campaign = {
  id: "c1",
  name: "Fair",
  status: "active" as const,
  enabled: true,
  pauseReason: null,
  heldCount: 0,
  consentMissingCount: 0,
  targetsCount: 10,
};

it("nothing needs anybody while all goes on", () => {
  expect(needs([account], [campaign])).toEqual([]);
});

it("what a person paused needs nobody", () => {
  expect(needs([{ ...account, status: "paused", pauseReasons: ["manual"] }], [])).toEqual([]);
});

it("the gravest comes first, each with the way to mend it", () => {
  const found = needs(
    [
      { ...account, id: "a2", status: "paused", pauseReasons: ["senderRefused"] },
      { ...account, status: "offline" },
    ],
    [
      { ...campaign, heldCount: 2, pauseReason: { code: "noAccount", message: "No account can go on.", since: null } },
      { ...campaign, id: "c2", targetsCount: 0, consentMissingCount: 1 },
    ],
  );
  expect(found.map(({ key }) => key)).toEqual(["offline-a1", "paused-c1", "held-c1", "consent-c2", "account-a2"]);
  expect(found[2]?.link.search).toEqual({ state: ["held"] });
});
