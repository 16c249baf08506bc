import { expect, test } from "vitest";
import { heard } from "./hearing.ts";

const NOTHING = { since: null, receivedAt: null, delaySeconds: null, readAt: null, problem: null };

test("how answers come, how late, and what is in the way", () => {
  expect(heard({ ...NOTHING, way: "stream", delaySeconds: 0.84 })).toContain("the last came 0.8 s after");
  expect(heard({ ...NOTHING, way: "poll", problem: "The bearer token is wrong." })).toBe(
    "found when the inbox is read. The bearer token is wrong.",
  );
});
