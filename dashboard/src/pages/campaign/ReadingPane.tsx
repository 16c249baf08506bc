import { Select, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import * as query from "../../api/queries.ts";
import type { Campaign } from "../../api/types.ts";
import { Section, Shown } from "../../parts/Page.tsx";
import { nameOf } from "../../parts/Person.tsx";
import { reason } from "../../words/states.ts";
import { useVariableNames } from "./names.ts";
import style from "./Sequence.module.css";
import { TryOut } from "./TryOut.tsx";

/** How the saved messages read for people who are in the campaign. */
export function ReadingPane({ campaign, isChanged }: { campaign: Campaign; isChanged: boolean }) {
  const leads = useInfiniteQuery(query.campaignLeads(campaign.id));
  const people = (leads.data?.pages.flatMap((page) => page.data) ?? []).filter((lead) => lead.profile.platformId);
  const [chosen, choose] = useState<string | null>(null);
  const variables = useVariableNames(campaign.id);
  const platformId = chosen ?? people[0]?.profile.platformId ?? null;
  const found = useQuery({ ...query.preview(campaign.id, platformId ?? ""), enabled: platformId !== null });
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
            {isChanged && (
              <Text size="xs" c="dimmed" mb="sm">
                This is the sequence as saved. Save to see your changes.
              </Text>
            )}
            <Shown query={found}>
              {(preview) => (
                <Stack gap="sm">
                  {preview.messages.map((message) => (
                    <div key={message.stepId}>
                      <div className={style.bubble}>
                        {message.text ?? (
                          <em>
                            {message.reason
                              ? `Held: ${reason(message.reason, undefined, variables)}.`
                              : "Cannot be written yet."}
                          </em>
                        )}
                      </div>
                      {message.text !== null && (
                        <TryOut campaignId={campaign.id} platformId={platformId} stepId={message.stepId} />
                      )}
                    </div>
                  ))}
                  {preview.messages.length === 0 && (
                    <Text size="sm" c="dimmed">
                      Nothing is saved yet.
                    </Text>
                  )}
                </Stack>
              )}
            </Shown>
          </>
        )}
      </Section>
    </div>
  );
}
