// What is left to do after a build: hold a first visit to its budget, and lay a compressed copy beside every text.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const OUT = new URL("../../src/overture/dashboard/", import.meta.url);
const BUDGET = 350 * 1024;
const SMALLEST = 1024;

const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", OUT)));

// What a page loads: its entry, what that imports statically, and their styles.
function filesOf(key, seen = new Set()) {
  if (seen.has(key)) return [];
  seen.add(key);
  const chunk = manifest[key];
  return [chunk.file, ...(chunk.css ?? []), ...(chunk.imports ?? []).flatMap((next) => filesOf(next, seen))];
}

const sizeOf = (files) =>
  [...new Set(files)].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, OUT))).length, 0);
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

const entry = filesOf("index.html");
const pages = Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry);
const [[largest, bytes]] = pages.map((key) => [key, sizeOf([...entry, ...filesOf(key)])]).sort((a, b) => b[1] - a[1]);
process.stdout.write(`A first visit loads ${kib(sizeOf(entry))} to ${kib(bytes)} (gzip), most of all ${largest}.\n`);
if (bytes > BUDGET) {
  process.stderr.write(`That is more than the ${kib(BUDGET)} allowed.\n`);
  process.exit(1);
}

rmSync(new URL(".vite", OUT), { recursive: true });
for (const name of readdirSync(OUT, { recursive: true })) {
  if (!/\.(js|css|html|svg)$/.test(name)) continue;
  const content = readFileSync(new URL(name, OUT));
  if (content.length < SMALLEST) continue;
  writeFileSync(new URL(`${name}.gz`, OUT), gzipSync(content, { level: 9 }));
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  writeFileSync(new URL(`${name}.br`, OUT), brotliCompressSync(content, { params: quality }));
}
