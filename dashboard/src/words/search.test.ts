import { describe, expect, it } from "vitest";
import { campaignFilter, leadFilter, peopleSearch, signInSearch, threadFilter } from "./search.ts";

describe("an address typed by hand", () => {
  it("keeps what is known of it, and leaves out the rest", () => {
    expect(campaignFilter({ status: ["active", "nonsense"], q: "x", other: 1 })).toEqual({
      status: ["active"],
      q: "x",
    });
    expect(campaignFilter({ sort: "name", order: "asc" })).toEqual({ sort: "name", order: "asc" });
    expect(campaignFilter({ sort: "length", order: "up" })).toEqual({});
    expect(leadFilter({ state: "held", accountLinkId: "a1", q: "" })).toEqual({
      state: ["held"],
      accountLinkId: ["a1"],
    });
    expect(leadFilter({ stage: "contacted", reason: ["closed"], option: "1-0", stepId: 7 })).toEqual({
      stage: "contacted",
      reason: ["closed"],
      option: "1-0",
      stepId: ["7"],
    });
    expect(leadFilter({ stage: "toString" })).toEqual({});
    expect(threadFilter({ folder: "toString", status: [] })).toEqual({});
    expect(peopleSearch({ view: "board", q: 12 })).toEqual({ view: "board", q: "12" });
  });

  it("leads back to pages of our own alone", () => {
    expect(signInSearch({ from: "/campaigns?q=a" })).toEqual({ from: "/campaigns?q=a" });
    for (const from of [
      "https://elsewhere.example",
      "//elsewhere.example",
      "/\\elsewhere.example",
      "javascript:x",
      1,
    ]) {
      expect(signInSearch({ from })).toEqual({});
    }
  });
});
