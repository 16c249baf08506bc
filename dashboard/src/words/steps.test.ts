import { describe, expect, it } from "vitest";
import type { StepBody } from "../api/types.ts";
import { glance, lengthOf, tidy } from "./message.ts";
import { copy, draft, drafts, faults, moved, newDelay, newMessage, offsets, withMessage } from "./steps.ts";

const hello = (): StepBody => ({ type: "message", data: { segments: [{ type: "static", text: "Hello" }] } });

describe("a sequence", () => {
  it("is sent back with the ids of its steps, and a copy without", () => {
    const [first] = drafts({ version: 1, steps: [{ id: "s1", rank: 0, type: "message", data: { segments: [] } }] });
    if (!first) throw new Error("no step");
    expect(first.step).toMatchObject({ id: "s1" });
    expect(copy(first).step).not.toHaveProperty("id");
    expect(copy(first).key).not.toBe(first.key);
  });

  it("keeps every step when one is moved, wherever to", () => {
    const steps = [draft(hello()), newDelay(), draft(hello())];
    for (let from = 0; from < 3; from++) {
      for (let to = -1; to <= 4; to++) {
        const next = moved(steps, from, to);
        expect(new Set(next.map((step) => step.key))).toEqual(new Set(steps.map((step) => step.key)));
        expect(next[Math.max(0, Math.min(to, 2))]?.key).toBe(steps[from]?.key);
      }
    }
  });

  it("puts a wait before a message that follows another", () => {
    const types = (steps: ReturnType<typeof withMessage>) => steps.map(({ step }) => step.type);
    expect(types(withMessage([]))).toEqual(["message"]);
    expect(types(withMessage([draft(hello())]))).toEqual(["message", "delay", "message"]);
    expect(types(withMessage([draft(hello()), newDelay()]))).toEqual(["message", "delay", "message"]);
  });

  it("tells what is wrong with each step", () => {
    const first = newDelay();
    const again = newDelay();
    const empty = newMessage();
    const found = faults([first, draft(hello()), newDelay(), again, empty]);
    expect([...found.keys()]).toEqual([first.key, again.key, empty.key]);
    expect(faults([draft(hello()), newDelay(), draft(hello())]).size).toBe(0);
  });

  it("tells when each step comes", () => {
    expect(offsets([draft(hello()), newDelay(), draft(hello())])).toEqual(["at once", "after 1 day", "after 1 day"]);
  });
});

describe("a message", () => {
  it("is tidied into as few texts as it has", () => {
    expect(
      tidy([
        { type: "static", text: "" },
        { type: "static", text: "a" },
        { type: "static", text: "b" },
        { type: "variable", name: "bio" },
      ]),
    ).toEqual([
      { type: "static", text: "ab" },
      { type: "variable", name: "bio" },
    ]);
  });

  it("is as long as its shortest and longest options make it, a smiley being one character", () => {
    expect(
      lengthOf([
        { type: "static", text: "Hi 🚀 " },
        { type: "variation", options: ["a", "abc"] },
        { type: "variable", name: "bio" },
      ]),
    ).toEqual({ least: 6, most: 8 });
  });

  it("is told at a glance", () => {
    expect(
      glance(
        [
          { type: "static", text: "Hi\n" },
          { type: "variable", name: "first-name" },
        ],
        { "first-name": "First name" },
      ),
    ).toBe("Hi [First name]");
  });
});
