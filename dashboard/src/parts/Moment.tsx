import { moment } from "../words/time.ts";

/** An instant in the reader's zone; the exact one on hover. */
export function Moment({ at, otherwise = "–" }: { at: string | null | undefined; otherwise?: string }) {
  if (!at) return <span className="soft">{otherwise}</span>;
  return (
    <time dateTime={at} title={at} className="figures">
      {moment(at)}
    </time>
  );
}
