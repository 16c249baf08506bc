import { Button, Paper } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Failure, Loading } from "./Page.tsx";
import style from "./Table.module.css";

export type TableColumn<T> = {
  label: string;
  cell: (row: T) => ReactNode;
  /** Numbers stand to the right, so that their digits line up. */
  isNumber?: boolean;
  /** What need not be seen where there is little room. */
  isMinor?: boolean;
  /** Takes the room that is left. */
  isWide?: boolean;
  /** A button: on a narrow window it stands beside the first cell, without a label. */
  isDeed?: boolean;
  /** What the API calls the order by this column, where it has one, and which way it begins. */
  sort?: { by: string; order: Direction };
};

type Direction = "asc" | "desc";

/** By which column a table is sorted, by its name in the API; null: in the order it has by itself. */
type Sorting = { now: { by: string; order: Direction } | null; change: (to: Sorting["now"]) => void };

type Source<T> = {
  data: { pages: { data: T[] }[] } | undefined;
  error: unknown;
  refetch: () => unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
};

const ROW_HEIGHT = 45;
const VIRTUAL_FROM = 60;

/**
 * A table of any length: rows are fetched as they are scrolled to, and only those near the window are in the page.
 * On a narrow window each row becomes a small card with its labels.
 */
export function Table<T>({
  source,
  rows: given,
  columns,
  rowKey,
  empty,
  label,
  sorting,
}: {
  source?: Source<T>;
  rows?: T[];
  columns: TableColumn<T>[];
  rowKey: (row: T) => string;
  empty: ReactNode;
  label: string;
  sorting?: Sorting;
}) {
  const rows = given ?? source?.data?.pages.flatMap((page) => page.data);
  if (!rows) {
    if (source?.error) return <Failure error={source.error} retry={() => void source.refetch()} />;
    return <Loading rows={6} />;
  }
  if (rows.length === 0) return <Paper>{empty}</Paper>;
  return (
    <Paper className={style.frame}>
      <Rows rows={rows} columns={columns} rowKey={rowKey} label={label} source={source} sorting={sorting} />
      {source && <More source={source} />}
    </Paper>
  );
}

function Rows<T>({
  rows,
  columns,
  rowKey,
  label,
  source,
  sorting,
}: {
  rows: T[];
  columns: TableColumn<T>[];
  rowKey: (row: T) => string;
  label: string;
  source: Source<T> | undefined;
  sorting: Sorting | undefined;
}) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [offset, setOffset] = useState(0);
  const isVirtual = rows.length > VIRTUAL_FROM;
  useLayoutEffect(() => {
    if (body.current) setOffset(body.current.getBoundingClientRect().top + window.scrollY);
  }, []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    scrollMargin: offset,
    enabled: isVirtual,
  });
  const shown = isVirtual ? virtual.getVirtualItems() : rows.map((_, index) => ({ index, start: 0, end: 0 }));
  const before = isVirtual ? (shown[0]?.start ?? offset) - offset : 0;
  const after = isVirtual ? virtual.getTotalSize() - ((shown.at(-1)?.end ?? offset) - offset) : 0;
  const isNearEnd = (shown.at(-1)?.index ?? 0) > rows.length - 25;
  const { hasNextPage = false, isFetchingNextPage = false, fetchNextPage } = source ?? {};
  useEffect(() => {
    if (isVirtual && isNearEnd && hasNextPage && !isFetchingNextPage) void fetchNextPage?.();
  }, [isVirtual, isNearEnd, hasNextPage, isFetchingNextPage, fetchNextPage]);
  // The roles are said outright: on a narrow window the parts of a table are laid out as blocks, and would lose them.
  return (
    <table className={style.table} role="table" aria-label={label} aria-rowcount={hasNextPage ? -1 : rows.length + 1}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <Heading key={column.label} column={column} sorting={sorting} />
          ))}
        </tr>
      </thead>
      <tbody ref={body} role="rowgroup">
        {before > 0 && <Space height={before} columns={columns.length} />}
        {shown.map(({ index }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <tr
              key={rowKey(row)}
              role="row"
              aria-rowindex={index + 2}
              data-index={index}
              ref={isVirtual ? virtual.measureElement : undefined}
            >
              {columns.map((column) => (
                <td
                  key={column.label}
                  role="cell"
                  data-label={column.label}
                  data-number={column.isNumber || undefined}
                  data-minor={column.isMinor || undefined}
                  data-deed={column.isDeed || undefined}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          );
        })}
        {after > 0 && <Space height={after} columns={columns.length} />}
      </tbody>
    </table>
  );
}

function Heading<T>({ column, sorting }: { column: TableColumn<T>; sorting: Sorting | undefined }) {
  const { label, sort } = column;
  const order = sort && sorting?.now?.by === sort.by ? sorting.now.order : null;
  return (
    <th
      role="columnheader"
      scope="col"
      data-number={column.isNumber || undefined}
      data-minor={column.isMinor || undefined}
      data-wide={column.isWide || undefined}
      aria-sort={sort && sorting && (order ? (order === "asc" ? "ascending" : "descending") : "none")}
    >
      {sort && sorting ? (
        <button type="button" className={style.sort} onClick={() => sorting.change(turned(sort, order))}>
          {label}
          <span aria-hidden="true">{order === "asc" ? " ↑" : order === "desc" ? " ↓" : ""}</span>
        </button>
      ) : (
        label
      )}
    </th>
  );
}

/** A heading sorts one way, then the other, and then gives the table its own order back. */
function turned(sort: { by: string; order: Direction }, now: Direction | null): Sorting["now"] {
  if (now === null) return sort;
  return now === sort.order ? { by: sort.by, order: now === "asc" ? "desc" : "asc" } : null;
}

function Space({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true" className={style.space}>
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

function More({ source }: { source: Source<unknown> }) {
  if (!source.hasNextPage) return null;
  return (
    <div className={style.more}>
      <Button variant="subtle" loading={source.isFetchingNextPage} onClick={() => void source.fetchNextPage()}>
        Show more
      </Button>
    </div>
  );
}
