import { describe, expect, it } from "vitest";
import { named } from "./suppressions.ts";

describe("whom a CSV names", () => {
  it("is told by a username or a link, with the reason", () => {
    expect(named("Handle,Reason\n@ana,On the phone\nben,\n")).toEqual([
      { username: "ana", reason: "On the phone" },
      { username: "ben" },
    ]);
    expect(named("Profile link;Name\nhttps://x.com/chloe?lang=en;Chloe\n")).toEqual([{ username: "chloe" }]);
  });

  it("is told by the platform's id before all else, and by a username where there is none", () => {
    expect(named("username,platformId\nana,12\nben,\n,\n")).toEqual([{ platformId: "12" }, { username: "ben" }]);
  });

  it("is nobody's to guess without a column for it", () => {
    expect(named("Name,Company\nAna,Acme\n")).toBeNull();
    expect(named("")).toBeNull();
  });
});
