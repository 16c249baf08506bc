type Value = string | number | boolean | readonly string[] | undefined;

/** An address with a query as the API reads it: what is undefined is left out, a list repeats its name. */
export function address(path: string, query: Record<string, Value> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) search.append(name, String(one));
  }
  return search.size ? `${path}?${search}` : path;
}
