import type { Automation } from "../api/types.ts";

export const TRIGGERS: Record<Automation["trigger"], string> = {
  contacted: "is contacted",
  followUpSent: "gets a follow-up",
  replied: "answers",
  finished: "has got all steps without an answer",
  failed: "can no longer be written to",
};

export const ACTIONS: Record<Automation["action"], { label: string; key: string }> = {
  setStatus: { label: "set the status to", key: "statusId" },
  addTag: { label: "add the tag", key: "tagId" },
  removeTag: { label: "remove the tag", key: "tagId" },
  assign: { label: "assign the person to", key: "memberId" },
};
