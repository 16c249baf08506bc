import { Anchor } from "@mantine/core";
import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Failure, PageHead } from "../parts/Page.tsx";
import style from "./Shell.module.css";

/** An address that leads nowhere. */
export function Nowhere() {
  return (
    <main className={style.main}>
      <PageHead title="There is no such page" note="The address may be old or mistyped." />
      <Anchor component={Link} to="/" underline="always">
        Go to the start
      </Anchor>
    </main>
  );
}

/** A page that broke: what happened, and another try. */
export function RouteFailure({ error, reset }: ErrorComponentProps) {
  return <Failure error={error} retry={reset} />;
}
