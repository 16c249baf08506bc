import type { Budget } from "../api/types.ts";
import { gauges, nameOf, sourceOf } from "../words/budgets.ts";
import { count } from "../words/numbers.ts";
import { moment } from "../words/time.ts";
import style from "./Gauges.module.css";

const SCARCE = 0.1;

/** What an account may still do, as bars that fill. */
export function Gauges({ budgets }: { budgets: Budget[] }) {
  return (
    <ul className={style.gauges} aria-label="Budgets">
      {gauges(budgets).map((budget) => {
        const isScarce = budget.left <= budget.limit * SCARCE;
        const frees = budget.left === 0 && budget.freesAt ? `, more from ${moment(budget.freesAt)}` : "";
        return (
          <li key={nameOf(budget)} title={`${sourceOf(budget)}${frees}`}>
            <span className={style.head}>
              <span>{nameOf(budget)}</span>
              <span className="figures">
                {count(budget.used)} of {count(budget.limit)}
                {frees}
              </span>
            </span>
            <svg viewBox="0 0 100 4" preserveAspectRatio="none" className={style.bar} aria-hidden="true">
              <rect width="100" height="4" className={style.ground} />
              <rect
                width={Math.min(100, (budget.used / Math.max(1, budget.limit)) * 100)}
                height="4"
                className={isScarce ? style.scarce : style.part}
              />
            </svg>
          </li>
        );
      })}
    </ul>
  );
}
