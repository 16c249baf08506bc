import { Paper, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import style from "./Door.module.css";

/** What stands around the pages before one is in. */
export function Door({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Overture`;
  }, [title]);
  return (
    <main className={style.door}>
      <div className={style.brand}>
        <img src="/mark.svg" alt="" width="32" height="32" />
        Overture
      </div>
      <Paper p="xl" className={style.paper}>
        <Title order={1} mb="lg">
          {title}
        </Title>
        {children}
      </Paper>
    </main>
  );
}
