// Holds what a first visit loads to its budget: the entry, what it imports statically, and their styles.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const OUT = new URL("../../src/overture/dashboard/", import.meta.url);
const BUDGET = 350 * 1024;

const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", OUT)));

function filesOf(key, seen = new Set()) {
  if (seen.has(key)) return [];
  seen.add(key);
  const chunk = manifest[key];
  return [chunk.file, ...(chunk.css ?? []), ...(chunk.imports ?? []).flatMap((next) => filesOf(next, seen))];
}

const sizeOf = (files) =>
  [...new Set(files)].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, OUT))).length, 0);

const entry = filesOf("index.html");
const routes = Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry);
const sizes = routes.map((key) => [key, sizeOf([...entry, ...filesOf(key)])]);
sizes.push(["index.html", sizeOf(entry)]);
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
for (const [key, bytes] of sizes.sort((a, b) => b[1] - a[1]))
  process.stdout.write(`${kib(bytes).padStart(11)}  ${key}\n`);

const [largest, bytes] = sizes[0];
if (bytes > BUDGET) {
  process.stderr.write(`A first visit to ${largest} loads ${kib(bytes)} (gzip); at most ${kib(BUDGET)} are allowed.\n`);
  process.exit(1);
}
