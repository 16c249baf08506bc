import { describe, expect, it } from "vitest";
import type { Rehearsal } from "../api/types.ts";
import { comesTo, notReached, shift } from "./rehearsal.ts";

function told(finishesAt: string | null, ...messages: number[]): Rehearsal {
  return {
    messages: messages.reduce((sum, one) => sum + one, 0),
    contacted: messages[0] ?? 0,
    replies: 0,
    finishesAt,
    isWhole: finishesAt !== null,
    days: messages.map((one, index) => ({ day: `2026-12-0${index + 1}`, messages: one, contacted: 0, accounts: [] })),
    unreached: [],
    stalled: 0,
  };
}

describe("a rehearsal in words", () => {
  it("says what leaves and by when, and the most on a day where there are more", () => {
    expect(comesTo(told("2026-12-02T09:00:00Z", 64, 8))).toMatch(
      /^72 messages, the last about .* at most 64 on one day$/,
    );
    expect(comesTo(told("2026-12-01T09:00:00Z", 1))).toMatch(/^1 message, the last about [^,]+, \d\d:\d\d$/);
    expect(comesTo(told(null, 64, 64))).toContain("and more later");
    expect(comesTo(told(null))).toBe("Nothing would leave");
  });

  it("says by how much sooner or later it ends, in hours and then in days", () => {
    const before = told("2026-12-10T09:00:00Z", 1);
    expect(shift(told("2026-12-10T09:30:00Z", 1), before)).toBeNull();
    expect(shift(told("2026-12-10T10:00:00Z", 1), before)).toBe("1 hour later");
    expect(shift(told("2026-12-08T10:00:00Z", 1), before)).toBe("47 hours sooner");
    expect(shift(told("2026-12-05T09:00:00Z", 1), before)).toBe("5 days sooner");
    expect(shift(told(null, 1), before)).toBeNull();
  });

  it("says who is not reached and why", () => {
    expect(
      notReached({
        ...told(null),
        unreached: [
          { state: "excluded", reason: "consentMissing", count: 12 },
          { state: "ready", reason: "noAccount", count: 2 },
          { state: "canceled", reason: null, count: 1 },
        ],
        stalled: 3,
      }),
    ).toEqual([
      "12: has not agreed to be written to",
      "2: no account can write to them",
      "1: canceled",
      "3 under way: no account can go on with them",
    ]);
  });
});
