/** The usernames in a text that somebody pasted: by line or comma, with @ or as links, each once. */
export function usernames(text: string): string[] {
  const found = new Map<string, string>();
  for (const word of text.split(/[\s,;]+/)) {
    const name = word
      .replace(/^(https?:\/\/)?(www\.|mobile\.)?(x|twitter)\.com\//i, "")
      .replace(/[/?#].*$/, "")
      .replace(/^@/, "");
    if (name) found.set(name.toLowerCase(), name);
  }
  return [...found.values()];
}
