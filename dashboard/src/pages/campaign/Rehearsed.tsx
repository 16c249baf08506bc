import { Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import * as query from "../../api/queries.ts";
import type { Campaign } from "../../api/types.ts";
import { Columns } from "../../parts/Columns.tsx";
import { Section } from "../../parts/Page.tsx";
import { counted, percent } from "../../words/numbers.ts";
import { comesTo, notReached } from "../../words/rehearsal.ts";
import { day } from "../../words/time.ts";

const SHARES = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5];

/** The campaign played through in virtual time: day by day, and who is not reached. */
export function Rehearsed({ campaign }: { campaign: Campaign }) {
  const [replyRate, setReplyRate] = useState(0);
  const { data: told, error } = useQuery(query.rehearsal(campaign.id, { replyRate }));
  if (error) return null;
  return (
    <Section
      title="Rehearsal"
      note="Played through by the rules it is sent by: hours, pace, limits, and other campaigns on the same accounts."
      actions={
        <Select
          aria-label="How many answer"
          size="xs"
          w={180}
          data={SHARES.map((share) => ({
            value: String(share),
            label: share ? `${percent(share)} answer` : "Nobody answers",
          }))}
          value={String(replyRate)}
          onChange={(value) => value && setReplyRate(Number(value))}
          allowDeselect={false}
        />
      }
    >
      {!told ? (
        <Text size="sm" c="dimmed" role="status">
          It is being rehearsed …
        </Text>
      ) : (
        <>
          <Text size="sm" mb="md" role="status">
            <strong className="figures">{comesTo(told)}</strong>
            {told.replies > 0 && `, with ${counted(told.replies, "answer")}`}.
          </Text>
          {told.days.length > 0 && (
            <Columns
              whole="Messages"
              part="First messages"
              columns={told.days.map((one) => ({
                key: one.day,
                label: day(`${one.day}T12:00:00Z`, "UTC"),
                whole: one.messages,
                part: one.contacted,
              }))}
            />
          )}
          {notReached(told).length > 0 && (
            <Text component="div" size="sm" c="dimmed" mt="md">
              Not reached:
              <ul>
                {notReached(told).map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            </Text>
          )}
        </>
      )}
    </Section>
  );
}
