import { Button, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { Link, type LinkProps } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { inWords } from "../api/problem.ts";
import style from "./Page.module.css";

/** The head of a page: where one is, what it is, what one can do here. */
export function PageHead({
  title,
  note,
  actions,
  back,
}: {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  back?: { label: string; to: LinkProps["to"]; params?: LinkProps["params"] };
}) {
  useEffect(() => {
    document.title = `${title} · Overture`;
  }, [title]);
  return (
    <header className={style.head}>
      <div className={style.title}>
        {back && (
          <Link to={back.to} params={back.params as never} className={style.back}>
            ← {back.label}
          </Link>
        )}
        <Title order={1}>{title}</Title>
        {note && (
          <Text component="div" c="dimmed" size="sm">
            {note}
          </Text>
        )}
      </div>
      {actions && <div className={style.actions}>{actions}</div>}
    </header>
  );
}

/** A part of a page, with its own heading. */
export function Section({
  title,
  note,
  actions,
  children,
  bare = false,
}: {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  bare?: boolean;
}) {
  return (
    <section className={style.section}>
      <div className={style.sectionHead}>
        <div>
          <Title order={2}>{title}</Title>
          {note && (
            <Text component="div" c="dimmed" size="sm" mt={2}>
              {note}
            </Text>
          )}
        </div>
        {actions && <div className={style.actions}>{actions}</div>}
      </div>
      {bare ? children : <Paper p="md">{children}</Paper>}
    </section>
  );
}

/** What stands where there is nothing yet: what belongs here, and the first thing to do. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={style.empty}>
      <Text fw={600}>{title}</Text>
      {children && (
        <Text component="div" c="dimmed" size="sm" maw={460}>
          {children}
        </Text>
      )}
      {action}
    </div>
  );
}

/** What could not be shown, why, and the way on. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div className={style.empty} role="alert">
      <Text fw={600}>This could not be loaded</Text>
      <Text c="dimmed" size="sm" maw={520}>
        {inWords(error)}
      </Text>
      {retry && (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function Loading({ rows = 4 }: { rows?: number }) {
  return (
    <Stack gap="sm" aria-busy="true" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike and never move.
        <Skeleton key={row} height={row === 0 ? 28 : 18} radius="sm" />
      ))}
    </Stack>
  );
}

/** A query's answer once it is there; else that it loads, or why it does not. */
export function Shown<T>({
  query,
  children,
  rows,
}: {
  query: { data: T | undefined; error: unknown; refetch: () => unknown };
  children: (data: T) => ReactNode;
  rows?: number;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <Loading rows={rows} />;
}
