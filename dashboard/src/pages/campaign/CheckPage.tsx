import { Anchor, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, type LinkProps, useNavigate } from "@tanstack/react-router";
import { enableCampaign } from "../../api/changes.ts";
import * as query from "../../api/queries.ts";
import type { Campaign, Issue, Preflight } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { Facts } from "../../parts/Facts.tsx";
import { Section, Shown } from "../../parts/Page.tsx";
import { State } from "../../parts/State.tsx";
import { count, counted, money } from "../../words/numbers.ts";
import { placeOf } from "../../words/preflight.ts";
import { Rehearsed } from "./Rehearsed.tsx";

const route = getRouteApi("/shell/campaigns/$campaignId/check");

/** What stands in the way of a start, what to know before it, and the start itself. */
export function CheckPage() {
  const { campaignId } = route.useParams();
  const campaign = useQuery(query.campaign(campaignId));
  const found = useQuery(query.preflight(campaignId));
  return (
    <Shown query={campaign}>
      {(known) => <Shown query={found}>{(preflight) => <Check campaign={known} preflight={preflight} />}</Shown>}
    </Shown>
  );
}

function Check({ campaign, preflight }: { campaign: Campaign; preflight: Preflight }) {
  const navigate = useNavigate();
  const errors = preflight.issues.filter(({ severity }) => severity === "error");
  const warnings = preflight.issues.filter(({ severity }) => severity === "warning");
  const isFirst = campaign.status === "draft";
  const start = useAction({
    run: () => enableCampaign(campaign.id),
    renews: ["campaigns"],
    done: isFirst ? "The campaign has started." : "The campaign goes on.",
    after: () => void navigate({ to: "/campaigns/$campaignId", params: { campaignId: campaign.id } }),
  });
  const { estimate } = preflight;
  return (
    <>
      {errors.length > 0 && (
        <Section title="Mend this first" bare>
          <Issues issues={errors} campaignId={campaign.id} />
        </Section>
      )}
      {warnings.length > 0 && (
        <Section title="Good to know" note="None of this keeps the campaign from starting." bare>
          <Issues issues={warnings} campaignId={campaign.id} />
        </Section>
      )}
      <Section title="What it comes to">
        <Facts
          facts={[
            { label: "Leads", value: counted(campaign.targetsCount, "lead") },
            { label: "Messages", value: `${count(estimate.messages)} at most, if nobody answers` },
            { label: "Accounts", value: count(estimate.accounts) },
            {
              label: "Look-ups",
              value: estimate.lookUps > 0 && `${counted(estimate.lookUps, "profile")} still to be looked up`,
            },
            {
              label: "Cost",
              value:
                estimate.cost > 0 &&
                `${money(estimate.cost, estimate.costs.currency)}, billed by the platform to your app`,
            },
            {
              label: "Policy",
              value:
                campaign.contactPolicy === "inboundOrConsent"
                  ? "Only people who wrote to you or agreed to be written to"
                  : "Anyone reachable: an owner chose it",
            },
          ]}
        />
      </Section>
      <Rehearsed campaign={campaign} />
      <Group mt="xl">
        <Button
          size="md"
          disabled={errors.length > 0 || campaign.status === "active"}
          loading={start.isPending}
          onClick={() => start.mutate()}
        >
          {campaign.status === "active" ? "It runs" : isFirst ? "Start the campaign" : "Resume the campaign"}
        </Button>
        <Text size="sm" c="dimmed">
          {errors.length
            ? `${counted(errors.length, "thing")} to mend first.`
            : "You can pause at any moment; nothing leaves after that."}
        </Text>
      </Group>
    </>
  );
}

function Issues({ issues, campaignId }: { issues: Issue[]; campaignId: string }) {
  return (
    <Stack gap="sm">
      {issues.map((issue) => {
        const place = placeOf(issue);
        return (
          <Paper key={`${issue.code}-${issue.path.join(".")}`} p="md">
            <Group justify="space-between" align="flex-start" gap="sm">
              <div>
                <State tone={issue.severity === "error" ? "bad" : "care"} isLong>
                  <Text component="span" size="sm" fw={600}>
                    {issue.message}
                  </Text>
                </State>
                <Text size="sm" c="dimmed" mt={4} pl={16}>
                  {issue.remedy}
                </Text>
              </div>
              {place && (
                <Anchor
                  component={Link}
                  to={`/campaigns/$campaignId/${place}` as LinkProps["to"]}
                  params={{ campaignId } as never}
                  size="sm"
                >
                  Go there
                </Anchor>
              )}
            </Group>
          </Paper>
        );
      })}
    </Stack>
  );
}
