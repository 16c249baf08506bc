import { Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import * as query from "../../api/queries.ts";
import type { Campaign, RehearseBody } from "../../api/types.ts";
import { comesTo, notReached, shift } from "../../words/rehearsal.ts";

const CHOOSING_MILLISECONDS = 400;

/** What is still to leave and by when; `changes`: settings as they are chosen now, or null where they are saved ones. */
export function WhatComes({ campaign, changes }: { campaign: Campaign; changes: RehearseBody | null }) {
  // As text: the same settings stay the same, however often they are put together.
  const [settled] = useDebouncedValue(changes && JSON.stringify(changes), CHOOSING_MILLISECONDS);
  const saved = useQuery(query.rehearsal(campaign.id, {}));
  const chosen = useQuery({
    ...query.rehearsal(campaign.id, settled ? (JSON.parse(settled) as RehearseBody) : {}),
    enabled: settled !== null,
  });
  if (!saved.data || (!changes && saved.data.messages === 0)) return null;
  const told = changes && chosen.data && !chosen.isError ? chosen.data : saved.data;
  const isChosen = told !== saved.data;
  const by = isChosen ? shift(told, saved.data) : null;
  return (
    <>
      <Text size="sm" mt="sm" role="status">
        {isChosen ? "With these settings: " : "Rehearsed: "}
        <strong className="figures">{comesTo(told)}</strong>
        {by && `, ${by} than as it is saved`}.
      </Text>
      {isChosen &&
        notReached({ ...told, unreached: told.unreached.filter(({ state }) => state === "ready") }).map((line) => (
          <Text key={line} size="sm" mt={4} c="var(--tone-care)">
            {line}.
          </Text>
        ))}
    </>
  );
}
