// Enough of CSV to show the beginning of a file before it is imported. The server reads the whole, and decides.

const DELIMITERS = [",", ";", "\t", "|"];

export type Beginning = { headers: string[]; rows: string[][] };

/** The beginning of a file as text: UTF-8 or UTF-16 with a mark, else UTF-8 if it is valid, else Windows-1252. */
export function decoded(bytes: Uint8Array, isWhole = true): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    // Of a piece alone, a character that is cut off at its end is no error.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !isWhole });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** The headers and first rows of a CSV. */
export function beginning(text: string, most = 5): Beginning {
  const said = /^sep=(.)\r?\n/.exec(text);
  const body = said ? text.slice(said[0].length) : text;
  const delimiter = said?.[1] ?? delimiterOf(body);
  const [headers = [], ...rows] = records(body, delimiter, most + 1);
  return { headers: headers.map((header) => header.trim()), rows };
}

function delimiterOf(text: string): string {
  const line = text.split(/\r?\n/, 1)[0] ?? "";
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ",";
}

function records(text: string, delimiter: string, most: number): string[][] {
  const found: string[][] = [];
  let record: string[] = [];
  let cell = "";
  let isQuoted = false;
  const endRecord = () => {
    record.push(cell);
    if (record.some((value) => value !== "")) found.push(record);
    record = [];
    cell = "";
  };
  for (let at = 0; at < text.length && found.length < most; at++) {
    const character = text[at] ?? "";
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (character === '"' && cell === "") isQuoted = true;
    else if (character === delimiter) {
      record.push(cell);
      cell = "";
    } else if (character === "\n") endRecord();
    else if (character !== "\r") cell += character;
  }
  if (found.length < most && (cell !== "" || record.length > 0)) endRecord();
  return found;
}
