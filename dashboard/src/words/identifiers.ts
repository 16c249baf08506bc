export type Identifier = "username" | "profileUrl" | "platformId";

const HEADERS: Record<Identifier, string[]> = {
  username: ["username", "handle", "screenname"],
  profileUrl: ["profileurl", "xlink", "profilelink"],
  platformId: ["platformid", "twitterid", "xid"],
};

/** What a column of this header says of who a row is; null if nothing. */
export function identifierOf(header: string): Identifier | null {
  const plain = header.toLowerCase().replaceAll(/[^a-z]/g, "");
  const found = Object.entries(HEADERS).find(([, headers]) => headers.includes(plain));
  return found ? (found[0] as Identifier) : null;
}
