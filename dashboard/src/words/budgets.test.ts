import { describe, expect, it } from "vitest";
import type { Budget } from "../api/types.ts";
import { gauges, nameOf, windowOf } from "./budgets.ts";

const budget = (given: Partial<Budget>): Budget => ({
  endpoint: "send",
  scope: "account",
  windowSeconds: 86_400,
  limit: 200,
  used: 0,
  left: 200,
  freesAt: null,
  source: "limit",
  toldAt: null,
  ...given,
});

describe("budgets", () => {
  it("show of every window of sending the limit that bites first", () => {
    const found = gauges([
      budget({ limit: 500, left: 358, source: "ceiling" }),
      budget({ left: 58 }),
      budget({ windowSeconds: 3_600, limit: 25, left: 25 }),
    ]);
    expect(found.map(({ left }) => left)).toEqual([25, 58]);
  });

  it("show of reading only what is used, the scarcest window of each kind, behind sending", () => {
    const found = gauges([
      budget({ endpoint: "inbox", windowSeconds: 900, limit: 15, used: 3, left: 12 }),
      budget({ endpoint: "inbox", windowSeconds: 86_400, limit: 100, used: 99, left: 1 }),
      budget({ endpoint: "likes", left: 5 }),
      budget({}),
    ]);
    expect(found.map(({ endpoint, left }) => [endpoint, left])).toEqual([
      ["send", 200],
      ["inbox", 1],
    ]);
  });

  it("are named as people say it", () => {
    expect(windowOf(900)).toBe("15 min");
    expect(windowOf(86_400)).toBe("24 h");
    expect(nameOf(budget({ scope: "app" }))).toBe("Messages, 24 h, whole app");
  });
});
