import { describe, expect, it } from "vitest";
import { ALWAYS, aDay, aWeek, spoken, WORKDAYS } from "./schedule.ts";

describe("sending hours", () => {
  it("tell what a rate comes to", () => {
    expect(aDay(WORKDAYS, 1, 8, 200)).toBe(64);
    expect(aDay(WORKDAYS, 0, 8, 200)).toBe(0);
    expect(aWeek(WORKDAYS, 8, 200)).toBe(320);
  });

  it("never come to more than the account's own limit", () => {
    expect(aDay(ALWAYS, 3, 25, 200)).toBe(200);
    expect(aWeek(ALWAYS, 25, 200)).toBe(1_400);
  });

  it("are told as a person would", () => {
    expect(spoken({ start: 540, end: 1_020 })).toBe("09:00 – 17:00");
    expect(spoken({ start: 0, end: 1_440 })).toBe("all day");
  });
});
