import type { StepBody } from "../api/types.ts";

export type MessageStep = Extract<StepBody, { type: "message" }>;
export type Segment = MessageStep["data"]["segments"][number];

export const VARIABLES: Record<string, string> = {
  "first-name": "First name",
  "last-name": "Last name",
  "full-name": "Full name",
  username: "Username",
  bio: "Bio",
  location: "Location",
  website: "Website",
  "follower-count": "Followers",
};

/** Texts side by side become one, and empty ones go. */
export function tidy(segments: Segment[]): Segment[] {
  const tidied: Segment[] = [];
  for (const segment of segments) {
    const last = tidied.at(-1);
    if (segment.type === "static" && segment.text === "") continue;
    if (segment.type === "static" && last?.type === "static") {
      tidied[tidied.length - 1] = { type: "static", text: last.text + segment.text };
    } else {
      tidied.push(segment);
    }
  }
  return tidied;
}

/** A message on one line, for a glance: variables in brackets, of each variation the first option. */
export function glance(segments: Segment[], names: Record<string, string>): string {
  return segments
    .map((segment) => {
      if (segment.type === "static") return segment.text;
      if (segment.type === "variation") return segment.options[0] ?? "";
      return `[${names[segment.name] ?? segment.name}]`;
    })
    .join("")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** How many characters the text that is fixed has, at least and at most; variables come on top. */
export function lengthOf(segments: Segment[]): { least: number; most: number } {
  let least = 0;
  let most = 0;
  for (const segment of segments) {
    const lengths =
      segment.type === "static"
        ? [points(segment.text)]
        : segment.type === "variation"
          ? segment.options.map(points)
          : [0];
    least += Math.min(...lengths);
    most += Math.max(...lengths);
  }
  return { least, most };
}

/** Characters as platforms count them: a smiley is one. */
function points(text: string): number {
  return [...text].length;
}

export function hasText(segments: Segment[]): boolean {
  return segments.some((segment) =>
    segment.type === "static"
      ? segment.text.trim() !== ""
      : segment.type === "variable" || segment.options.every((option) => option.trim() !== ""),
  );
}
