import type { Account } from "../api/types.ts";

type Hearing = NonNullable<Account["hearing"]>;

const WAYS: Record<Hearing["way"], string> = {
  webhook: "told at once, pushed to this server",
  stream: "told at once, over the platform's stream",
  poll: "found when the inbox is read",
};

/** How an account's answers come to be known, how late the last one was, and what keeps them from coming at once. */
export function heard({ way, delaySeconds, problem }: Hearing): string {
  const late =
    delaySeconds === null ? "" : `; the last came ${Math.round(delaySeconds * 10) / 10} s after it was written`;
  return `${WAYS[way]}${late}${problem === null ? "" : `. ${problem}`}`;
}
