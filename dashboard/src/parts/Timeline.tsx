import type { ReactNode } from "react";
import type { Tone } from "../words/states.ts";
import { Moment } from "./Moment.tsx";
import style from "./Timeline.module.css";

export type TimelineRow = { key: string; at: string; tone: Tone; title: ReactNode; text?: string | null };

/** What happened, oldest first, on a line. */
export function Timeline({ entries }: { entries: TimelineRow[] }) {
  return (
    <ol className={style.timeline}>
      {entries.map((entry) => (
        <li key={entry.key} className={style.entry}>
          <span className={style.dot} data-tone={entry.tone} aria-hidden="true" />
          <div className={style.head}>
            <span>{entry.title}</span>
            <span className="soft">
              <Moment at={entry.at} />
            </span>
          </div>
          {entry.text && <div className={style.text}>{entry.text}</div>}
        </li>
      ))}
    </ol>
  );
}
