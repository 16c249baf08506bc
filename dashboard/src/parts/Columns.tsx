import { Button, Table as Plain } from "@mantine/core";
import { useState } from "react";
import { count } from "../words/numbers.ts";
import style from "./Columns.module.css";

export type Column = { key: string; label: string; whole: number; part: number };

const HEIGHT = 120;
const STEP = 20;

/** What happened over time: a column for each interval, part of it filled. The same as a table, for whoever asks. */
export function Columns({ columns, whole, part }: { columns: Column[]; whole: string; part: string }) {
  const [isTable, setTable] = useState(false);
  const most = Math.max(1, ...columns.map((column) => Math.max(column.whole, column.part)));
  const height = (value: number) => (value / most) * HEIGHT;
  // So many at least: a few days are not drawn as walls.
  const places = Math.max(columns.length, 14);
  const first = columns[0]?.label;
  const last = columns.at(-1)?.label;
  return (
    <figure className={style.figure}>
      <figcaption className={style.caption}>
        <span className={style.key} data-kind="whole">
          {whole}
        </span>
        <span className={style.key} data-kind="part">
          {part}
        </span>
        <Button size="compact-xs" variant="subtle" ml="auto" onClick={() => setTable(!isTable)}>
          {isTable ? "Show as columns" : "Show as a table"}
        </Button>
      </figcaption>
      {isTable ? (
        <Plain>
          <Plain.Thead>
            <Plain.Tr>
              <Plain.Th>When</Plain.Th>
              <Plain.Th>{whole}</Plain.Th>
              <Plain.Th>{part}</Plain.Th>
            </Plain.Tr>
          </Plain.Thead>
          <Plain.Tbody>
            {columns.map((column) => (
              <Plain.Tr key={column.key}>
                <Plain.Td>{column.label}</Plain.Td>
                <Plain.Td>{count(column.whole)}</Plain.Td>
                <Plain.Td>{count(column.part)}</Plain.Td>
              </Plain.Tr>
            ))}
          </Plain.Tbody>
        </Plain>
      ) : (
        <>
          <svg
            viewBox={`0 0 ${places * STEP} ${HEIGHT}`}
            preserveAspectRatio="none"
            className={style.drawing}
            role="img"
            aria-label={`${whole} and ${part.toLowerCase()}, ${first} to ${last}; at most ${count(most)}`}
          >
            {columns.map((column, index) => (
              <g key={column.key}>
                <title>
                  {`${column.label}: ${whole.toLowerCase()} ${count(column.whole)}, ${part.toLowerCase()} ${count(column.part)}`}
                </title>
                <rect
                  x={index * STEP + 3}
                  width={STEP - 6}
                  y={HEIGHT - height(column.whole)}
                  height={height(column.whole)}
                  className={style.whole}
                />
                <rect
                  x={index * STEP + 3}
                  width={STEP - 6}
                  y={HEIGHT - height(column.part)}
                  height={height(column.part)}
                  className={style.part}
                />
              </g>
            ))}
          </svg>
          <div className={style.scale} style={{ width: `${(100 * columns.length) / places}%` }}>
            <span>{first}</span>
            <span>{columns.length > 1 && last}</span>
          </div>
        </>
      )}
    </figure>
  );
}
