import { beginning } from "./csv.ts";
import { identifierOf } from "./identifiers.ts";
import { usernames } from "./usernames.ts";

export type Named = { platformId: string; reason?: string } | { username: string; reason?: string };

const LONGEST_REASON = 1000;

/** The people whom a CSV names, each with the reason it gives; null if no column tells who they are. */
export function named(text: string): Named[] | null {
  const { headers, rows } = beginning(text, Number.POSITIVE_INFINITY);
  const identifiers = headers.map(identifierOf);
  // An id stays when a username changes, so it goes before.
  const order = (["platformId", "username", "profileUrl"] as const).map((one) => identifiers.indexOf(one));
  if (order.every((at) => at < 0)) return null;
  const why = headers.findIndex((header) => header.toLowerCase() === "reason");
  return rows.flatMap((row): Named[] => {
    const at = order.find((column) => row[column]?.trim());
    if (at === undefined) return [];
    const reason = row[why]?.trim().slice(0, LONGEST_REASON);
    const given = reason ? { reason } : {};
    const cell = row[at]?.trim() ?? "";
    if (identifiers[at] === "platformId") return [{ platformId: cell, ...given }];
    const [username] = usernames(cell);
    return username ? [{ username, ...given }] : [];
  });
}
