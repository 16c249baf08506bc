import type { Campaign, StepBody } from "../api/types.ts";
import { hasText, type Segment } from "./message.ts";
import { wait } from "./time.ts";

/** A step while it is edited; `key` stays the same wherever it is moved. */
export type Draft = { key: string; step: StepBody };

let made = 0;

export function draft(step: StepBody): Draft {
  made += 1;
  return { key: `step-${made}`, step };
}

/** The steps of a campaign as they are sent back: with their ids, so that leads keep their places. */
export function drafts(sequence: Campaign["sequence"]): Draft[] {
  return sequence.steps.map(({ id, type, data }) => draft({ id, type, data } as unknown as StepBody));
}

export const newMessage = (): Draft => draft({ type: "message", data: { segments: [] } });
export const newDelay = (): Draft => draft({ type: "delay", data: { delaySeconds: 86_400, unit: "days" } });
export const newLike = (): Draft => draft({ type: "like", data: {} });

/** A copy of a step is a step of its own, so it goes without the id. */
export function copy({ step }: Draft): Draft {
  const { id: _, ...rest } = structuredClone(step);
  return draft(rest as StepBody);
}

export function moved<Row>(rows: Row[], from: number, to: number): Row[] {
  const next = [...rows];
  next.splice(Math.max(0, Math.min(to, next.length - 1)), 0, ...next.splice(from, 1));
  return next;
}

/** A message that is put behind another gets a wait before it, as two in a row would look like a flood. */
export function withMessage(steps: Draft[]): Draft[] {
  const last = steps.at(-1)?.step.type;
  return last === undefined || last === "delay" ? [...steps, newMessage()] : [...steps, newDelay(), newMessage()];
}

/** What is wrong with each step, by its key; none is wrong when it is empty. */
export function faults(steps: Draft[]): Map<string, string> {
  const found = new Map<string, string>();
  steps.forEach(({ key, step }, rank) => {
    if (step.type === "delay") {
      if (rank === 0) found.set(key, "A sequence begins with a message. Move this wait down, or remove it.");
      else if (rank === steps.length - 1)
        found.set(key, "Nothing comes after this wait. Add a message, or remove the wait.");
      else if (steps[rank - 1]?.step.type === "delay")
        found.set(key, "Two waits in a row. Make them one, or put a message between.");
      else if (step.data.delaySeconds < 60 || step.data.delaySeconds > 7_776_000)
        found.set(key, "A wait takes between 1 minute and 90 days.");
    }
    if (step.type === "message") {
      if (!hasText(step.data.segments)) found.set(key, "This message is empty. Write it, or remove it.");
      else if (step.data.segments.some(isUnfinished))
        found.set(key, "A variation has an empty option. Fill it in, or remove it.");
    }
  });
  return found;
}

function isUnfinished(segment: Segment): boolean {
  return segment.type === "variation" && segment.options.some((option) => option.trim() === "");
}

/** When each step comes, counted from the first message: “at once”, “after 1 day”. */
export function offsets(steps: Draft[]): string[] {
  let seconds = 0;
  return steps.map(({ step }) => {
    if (step.type === "delay") seconds += step.data.delaySeconds;
    return seconds === 0 ? "at once" : `after ${wait(seconds, seconds % 86_400 === 0 ? "days" : "hours")}`;
  });
}
