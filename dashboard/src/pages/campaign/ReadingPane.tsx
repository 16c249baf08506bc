import { Select, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import * as query from "../../api/queries.ts";
import type { Campaign, StepBody } from "../../api/types.ts";
import { Section, Shown } from "../../parts/Page.tsx";
import { nameOf } from "../../parts/Person.tsx";
import { reason } from "../../words/states.ts";
import { useVariableNames } from "./names.ts";
import style from "./Sequence.module.css";
import { TryOut } from "./TryOut.tsx";

const TYPING_MILLISECONDS = 400;

/** How the messages read for people who are in the campaign; `unsaved` are those that are being written. */
export function ReadingPane({ campaign, unsaved }: { campaign: Campaign; unsaved: StepBody[] | null }) {
  const leads = useInfiniteQuery(query.campaignLeads(campaign.id));
  const people = (leads.data?.pages.flatMap((page) => page.data) ?? []).filter((lead) => lead.profile.platformId);
  const [chosen, choose] = useState<string | null>(null);
  const platformId = chosen ?? people[0]?.profile.platformId ?? null;
  return (
    <div className={style.pane}>
      <Section title="How it reads" bare>
        {platformId === null ? (
          <Text size="sm" c="dimmed">
            Once people are in the campaign, you see here what each of them would get.
          </Text>
        ) : (
          <>
            <Select
              aria-label="For whom"
              data={people.map(({ profile }) => ({ value: profile.platformId ?? "", label: nameOf(profile) }))}
              value={platformId}
              onChange={choose}
              allowDeselect={false}
              searchable
              mb="sm"
            />
            {unsaved ? (
              <Unsaved campaignId={campaign.id} platformId={platformId} steps={unsaved} />
            ) : (
              <Saved campaignId={campaign.id} platformId={platformId} />
            )}
          </>
        )}
      </Section>
    </div>
  );
}

function Saved({ campaignId, platformId }: { campaignId: string; platformId: string }) {
  const found = useQuery(query.preview(campaignId, platformId));
  return (
    <Shown query={found}>
      {({ messages }) => (
        <Stack gap="sm">
          {messages.map((message) => (
            <Read key={message.stepId} campaignId={campaignId} message={message}>
              {message.text !== null && (
                <TryOut campaignId={campaignId} platformId={platformId} stepId={message.stepId} />
              )}
            </Read>
          ))}
          {messages.length === 0 && (
            <Text size="sm" c="dimmed">
              Nothing is saved yet.
            </Text>
          )}
        </Stack>
      )}
    </Shown>
  );
}

/** What is being written, a moment after the last key; what has a fault of its own is left out meanwhile. */
function Unsaved({ campaignId, platformId, steps }: { campaignId: string; platformId: string; steps: StepBody[] }) {
  const [settled] = useDebouncedValue(steps, TYPING_MILLISECONDS);
  const found = useQuery(query.draftPreview(campaignId, platformId, settled));
  return (
    <>
      <Text size="xs" c="dimmed" mb="sm">
        As it would read once it is saved.
      </Text>
      <Shown query={found}>
        {({ messages }) => (
          <Stack gap="sm">
            {messages.map((message) => (
              <Read key={message.rank} campaignId={campaignId} message={message} />
            ))}
          </Stack>
        )}
      </Shown>
    </>
  );
}

function Read({
  campaignId,
  message,
  children,
}: {
  campaignId: string;
  message: { text: string | null; reason: string | null };
  children?: ReactNode;
}) {
  const variables = useVariableNames(campaignId);
  return (
    <div>
      <div className={style.bubble}>
        {message.text ?? (
          <em>
            {message.reason ? `Held: ${reason(message.reason, undefined, variables)}.` : "Cannot be written yet."}
          </em>
        )}
      </div>
      {children}
    </div>
  );
}
