import { Anchor } from "@mantine/core";
import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Empty, Failure } from "../parts/Page.tsx";

/** An address that leads nowhere. */
export function Nowhere() {
  return (
    <Empty title="There is no such page">
      The address may be old or mistyped.{" "}
      <Anchor component={Link} to="/">
        Go to the start
      </Anchor>
      .
    </Empty>
  );
}

/** A page that broke: what happened, and another try. */
export function RouteFailure({ error, reset }: ErrorComponentProps) {
  return <Failure error={error} retry={reset} />;
}
