import { Paper } from "@mantine/core";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { count } from "../words/numbers.ts";
import style from "./Figures.module.css";

export type Figure = {
  label: string;
  value: number;
  note?: ReactNode;
  isCare?: boolean;
  link?: { to: LinkProps["to"]; params?: Record<string, string>; search?: Record<string, unknown> };
};

/** Numbers side by side; each leads to the rows behind it. */
export function Figures({ figures }: { figures: Figure[] }) {
  return (
    <div className={style.figures}>
      {figures.map((figure) => (
        <Paper key={figure.label} className={style.figure}>
          <div className={style.label}>{figure.label}</div>
          <div className={style.value} data-care={(figure.isCare && figure.value > 0) || undefined}>
            {figure.link ? (
              <Link
                to={figure.link.to}
                params={figure.link.params as never}
                search={figure.link.search as never}
                className="plain"
              >
                {count(figure.value)}
              </Link>
            ) : (
              count(figure.value)
            )}
          </div>
          {figure.note && <div className={style.note}>{figure.note}</div>}
        </Paper>
      ))}
    </div>
  );
}
