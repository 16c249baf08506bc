import { describe, expect, it } from "vitest";
import { count, counted, percent } from "./numbers.ts";
import { reason, spaced } from "./states.ts";
import { amountOf, clock, minuteOf, moment, secondsOf, wait } from "./time.ts";

describe("numbers", () => {
  it("are grouped, and agree with their nouns", () => {
    expect(count(1234567)).toBe("1\u2009234\u2009567");
    expect(counted(1, "lead")).toBe("1 lead");
    expect(counted(2, "reply", "replies")).toBe("2 replies");
    expect(percent(0.125)).toBe("12.5%");
  });
});

describe("time", () => {
  it("reads and writes every minute of the day alike", () => {
    for (let minute = 0; minute <= 1440; minute++) expect(minuteOf(clock(minute))).toBe(minute);
  });

  it("refuses what is no time of day", () => {
    for (const wrong of ["", "24:01", "9", "12:60", "ab:cd", "99:00"]) expect(minuteOf(wrong)).toBeNull();
  });

  it("shows the year only where it is another", () => {
    const now = new Date("2026-06-01T00:00:00Z");
    expect(moment("2026-11-26T09:00:00Z", { zone: "UTC", now })).toBe("Thu 26 Nov, 09:00");
    expect(moment("2027-11-26T09:00:00Z", { zone: "UTC", now })).toContain("2027");
  });

  it("keeps the unit a wait was given in", () => {
    expect(wait(86_400, "days")).toBe("1 day");
    expect(wait(129_600, "hours")).toBe("36 hours");
    expect(secondsOf(amountOf(5_400, "hours"), "hours")).toBe(5_400);
  });
});

describe("reasons", () => {
  it("are told in words, known or not", () => {
    expect(reason("variableMissing:bio")).toContain("“bio”");
    expect(reason("variableMissing:custom_f0", "held", { custom_f0: "City" })).toContain("“City”");
    expect(reason("notFound", "held")).not.toBe(reason("notFound", "unreachable"));
    expect(reason("somethingNew")).toBe("something new");
    expect(spaced("answeredElsewhere")).toBe("answered elsewhere");
  });
});
