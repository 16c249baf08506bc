/** One message of a stream of server-sent events. */
export type Sent = { id: string | null; data: string };

/**
 * Cuts a stream of server-sent events into its messages, whatever pieces it arrives in.
 *
 * The browser's own EventSource is not used: it cannot tell a refusal from a broken line, and gives up on the first.
 */
export class Cutter {
  private rest = "";

  /** Take a piece and return the messages that it completes. */
  take(piece: string): Sent[] {
    this.rest += piece;
    const blocks = this.rest.split(/\r\n\r\n|\n\n|\r\r/);
    this.rest = blocks.pop() ?? "";
    return blocks.map(read).filter((sent) => sent !== null);
  }
}

function read(block: string): Sent | null {
  let id: string | null = null;
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "id") id = value;
    if (field === "data") data.push(value);
  }
  return data.length ? { id, data: data.join("\n") } : null;
}
