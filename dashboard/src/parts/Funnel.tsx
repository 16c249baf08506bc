import { Link, type LinkProps } from "@tanstack/react-router";
import { count, percent } from "../words/numbers.ts";
import style from "./Funnel.module.css";

export type Stage = {
  label: string;
  value: number;
  link?: { to: LinkProps["to"]; params: Record<string, string>; search: Record<string, unknown> };
};

/** How far things have come: each stage as a share of the first. */
export function Funnel({ stages }: { stages: Stage[] }) {
  const whole = Math.max(1, stages[0]?.value ?? 0);
  return (
    <ul className={style.funnel}>
      {stages.map((stage) => (
        <li key={stage.label} className={style.stage}>
          <span className={style.label}>{stage.label}</span>
          <svg viewBox="0 0 100 14" preserveAspectRatio="none" className={style.bar} aria-hidden="true">
            <rect width={Math.max((stage.value / whole) * 100, stage.value > 0 ? 0.5 : 0)} height="14" rx="1" />
          </svg>
          <span className={style.value}>
            {stage.link ? (
              <Link
                to={stage.link.to}
                params={stage.link.params as never}
                search={stage.link.search as never}
                className="plain"
              >
                {count(stage.value)}
              </Link>
            ) : (
              count(stage.value)
            )}
            <span className="soft"> · {percent(stage.value / whole)}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
