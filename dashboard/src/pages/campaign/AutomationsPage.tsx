import { Button, CloseButton, Group, Paper, Select, Stack, Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { Automation, Campaign } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { Section, Shown } from "../../parts/Page.tsx";
import { ACTIONS, TRIGGERS } from "../../words/automations.ts";
import { SetupFoot } from "./SetupFoot.tsx";

const route = getRouteApi("/shell/campaigns/$campaignId/automations");

/** What happens by itself to people as the campaign goes. */
export function AutomationsPage() {
  const { campaignId } = route.useParams();
  const found = useQuery(query.campaign(campaignId));
  return <Shown query={found}>{(campaign) => <Automations campaign={campaign} />}</Shown>;
}

function useTargets(): Record<Automation["action"], { value: string; label: string }[]> {
  const statuses = useQuery(query.statuses());
  const tags = useQuery(query.tags());
  const members = useQuery(query.members());
  const options = (rows: { id: string; name: string }[] | undefined) =>
    (rows ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return {
    setStatus: options(statuses.data),
    addTag: options(tags.data),
    removeTag: options(tags.data),
    assign: options(members.data),
  };
}

function Automations({ campaign }: { campaign: Campaign }) {
  const targets = useTargets();
  return (
    <>
      <Section title="Automations" note="Each runs once for every person it concerns, in the moment it happens." bare>
        <Stack gap="sm">
          {campaign.automations.map((automation) => (
            <Row key={automation.id} campaignId={campaign.id} automation={automation} targets={targets} />
          ))}
          {campaign.automations.length === 0 && (
            <Text size="sm" c="dimmed">
              None yet. A usual one: when a person answers, set the status to “Interested”.
            </Text>
          )}
        </Stack>
      </Section>
      <New campaignId={campaign.id} targets={targets} />
      {campaign.status === "draft" && (
        <SetupFoot campaign={campaign} isChanged={false} isSaving={false} onSave={() => Promise.resolve(true)} />
      )}
    </>
  );
}

function Row({
  campaignId,
  automation,
  targets,
}: {
  campaignId: string;
  automation: Automation;
  targets: ReturnType<typeof useTargets>;
}) {
  const path = { campaign_id: campaignId, automation_id: automation.id };
  const change = useAction({
    run: (enabled: boolean) =>
      take(
        api.PATCH("/api/v2/campaigns/{campaign_id}/automations/{automation_id}", {
          params: { path },
          body: { enabled },
        }),
      ),
    renews: ["campaigns"],
  });
  const remove = useAction({
    run: () => take(api.DELETE("/api/v2/campaigns/{campaign_id}/automations/{automation_id}", { params: { path } })),
    renews: ["campaigns"],
    done: "The automation is removed.",
  });
  const { label, key } = ACTIONS[automation.action];
  const target = targets[automation.action].find(({ value }) => value === automation.actionData[key]);
  const sentence = `When a person ${TRIGGERS[automation.trigger]}, ${label} ${target?.label ?? "…"}`;
  return (
    <Paper p="sm">
      <Group justify="space-between" wrap="nowrap">
        <Switch
          label={sentence}
          checked={automation.enabled}
          disabled={change.isPending}
          onChange={(event) => change.mutate(event.currentTarget.checked)}
        />
        <CloseButton aria-label={`Remove: ${sentence}`} onClick={() => remove.mutate()} />
      </Group>
    </Paper>
  );
}

function New({ campaignId, targets }: { campaignId: string; targets: ReturnType<typeof useTargets> }) {
  const [trigger, setTrigger] = useState<Automation["trigger"]>("replied");
  const [action, setAction] = useState<Automation["action"]>("setStatus");
  const [target, setTarget] = useState<string | null>(null);
  const add = useAction({
    run: (id: string) =>
      take(
        api.POST("/api/v2/campaigns/{campaign_id}/automations", {
          params: { path: { campaign_id: campaignId } },
          body: { trigger, action, actionData: { [ACTIONS[action].key]: id } },
        }),
      ),
    renews: ["campaigns"],
    done: "The automation is added.",
    after: () => setTarget(null),
  });
  return (
    <Section title="Add one">
      <Group align="flex-end">
        <Select
          label="When a person"
          data={Object.entries(TRIGGERS).map(([value, label]) => ({ value, label }))}
          value={trigger}
          onChange={(value) => value && setTrigger(value as Automation["trigger"])}
          allowDeselect={false}
        />
        <Select
          label="then"
          data={Object.entries(ACTIONS).map(([value, { label }]) => ({ value, label }))}
          value={action}
          onChange={(value) => {
            if (!value) return;
            setAction(value as Automation["action"]);
            setTarget(null);
          }}
          allowDeselect={false}
        />
        <Select
          label="which"
          placeholder="Choose"
          data={targets[action]}
          value={target}
          onChange={setTarget}
          nothingFoundMessage="There is none yet: make it in the settings."
          searchable
        />
        <Button disabled={!target} loading={add.isPending} onClick={() => target && add.mutate(target)}>
          Add
        </Button>
      </Group>
    </Section>
  );
}
