import { percent } from "../words/numbers.ts";
import style from "./Share.module.css";

/** A share as a thin bar and a number. */
export function Share({ value, label }: { value: number; label: string }) {
  return (
    <span className={style.share}>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" className={style.bar} aria-hidden="true">
        <rect width="100" height="6" className={style.ground} />
        <rect width={value * 100} height="6" className={style.part} />
      </svg>
      <span className="figures">{percent(value)}</span>
      <span className="unseen">{label}</span>
    </span>
  );
}
