import { Anchor, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import * as query from "../../api/queries.ts";
import type { Campaign, RulesBody } from "../../api/types.ts";
import { Section } from "../../parts/Page.tsx";
import { count, counted } from "../../words/numbers.ts";
import { reason } from "../../words/states.ts";

const CHOOSING_MILLISECONDS = 300;

/** Who is in and who is not, and why; `rules`: as they are chosen now, or null where they are those that are saved. */
export function WhoIsIn({ campaign, rules }: { campaign: Campaign; rules: RulesBody | null }) {
  const [settled] = useDebouncedValue(rules, CHOOSING_MILLISECONDS);
  const isAsked = settled !== null || campaign.status === "draft";
  const found = useQuery({ ...query.rulesEffect(campaign.id, settled ?? {}), enabled: isAsked });
  const effect = isAsked ? found.data : undefined;
  return (
    <Section title={rules === null ? "Who is in now" : "Who would be in"}>
      {effect ? (
        <>
          <Text size="sm" role="status">
            <strong className="figures">{counted(effect.targetsCount, "lead")}</strong> in scope
            {rules !== null && `: ${count(effect.joining)} of them new, while ${count(effect.leaving)} would leave`}.
          </Text>
          {effect.keptOut.length > 0 && (
            <Text component="div" size="sm" c="dimmed" mt="xs">
              Kept out:
              <ul>
                {effect.keptOut.map((one) => (
                  <li key={one.reason}>
                    {count(one.count)}: {reason(one.reason)}
                  </li>
                ))}
              </ul>
            </Text>
          )}
        </>
      ) : (
        <Now campaign={campaign} />
      )}
    </Section>
  );
}

function Now({ campaign }: { campaign: Campaign }) {
  return (
    <Text size="sm">
      <strong className="figures">{counted(campaign.targetsCount, "lead")}</strong> in scope
      {campaign.scopeAssessedCount < campaign.targetsCount &&
        `, ${count(campaign.scopeAssessedCount)} of them assessed so far`}
      {campaign.isSyncing && ", lists are being read"}
      {campaign.consentMissingCount > 0 &&
        `; ${count(campaign.consentMissingCount)} left out because they have not agreed to be written to`}
      .{" "}
      {campaign.status !== "draft" && (
        <Anchor
          component={Link}
          to="/campaigns/$campaignId/leads"
          params={{ campaignId: campaign.id } as never}
          search={{ state: ["excluded", "unreachable"] } as never}
          size="sm"
        >
          See who is not in, and why
        </Anchor>
      )}
    </Text>
  );
}
