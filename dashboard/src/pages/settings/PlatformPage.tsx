import { Button, Group, Radio, Stack, Text, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { components } from "../../api/schema.d.ts";
import { useAction } from "../../parts/action.ts";
import { Moment } from "../../parts/Moment.tsx";
import { Section, Shown } from "../../parts/Page.tsx";
import { Table } from "../../parts/Table.tsx";
import { count, money } from "../../words/numbers.ts";
import { AppPart } from "./AppPart.tsx";

type Schemas = components["schemas"];
type Policy = Schemas["PolicyAnswer"];

/** For each platform: whom it lets the team write to, the team's own app on it, and what it bills. */
export function PlatformPage() {
  const platforms = useQuery(query.platforms());
  return (
    <Shown query={platforms}>
      {(all) =>
        all.map((platform) => (
          <div key={platform.platform}>
            <PolicyPart platform={platform.platform} name={platform.name} />
            <AppPart platform={platform} />
            <CostsPart platform={platform.platform} name={platform.name} />
          </div>
        ))
      }
    </Shown>
  );
}

function PolicyPart({ platform, name }: { platform: string; name: string }) {
  const found = useQuery(query.policy(platform));
  return (
    <Section title={`Whom you write to on ${name}`}>
      <Shown query={found}>{(policy) => <PolicyChoice platform={platform} name={name} policy={policy} />}</Shown>
    </Section>
  );
}

function PolicyChoice({ platform, name, policy }: { platform: string; name: string; policy: Policy }) {
  const [chosen, choose] = useState(policy.contactPolicy);
  const [note, setNote] = useState(policy.note ?? "");
  const save = useAction({
    run: () =>
      take(
        api.PUT("/api/v2/platforms/{platform}/policy", {
          params: { path: { platform } },
          body: { contactPolicy: chosen, note: note || null },
        }),
      ),
    renews: ["policy", "campaigns"],
    done: "Saved, with your name and the time.",
  });
  const isDeviation = chosen === "anyoneReachable";
  return (
    <Stack>
      <Radio.Group
        value={chosen}
        onChange={(value) => choose(value as Policy["contactPolicy"])}
        aria-label={`Contact policy on ${name}`}
      >
        <Stack gap="sm">
          <Radio
            value="inboundOrConsent"
            label="Only people who wrote to the account, or agreed to be written to"
            description={`What ${name} allows. Everybody else is left out until that changes.`}
          />
          <Radio
            value="anyoneReachable"
            label="Anyone who can be reached"
            description={`Against ${name}'s rules for automated messages; accounts may be blocked. Recorded, and shown on every campaign.`}
          />
        </Stack>
      </Radio.Group>
      {isDeviation && (
        <Textarea
          label="Why"
          description="Kept with the choice."
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          maxLength={1000}
          required
        />
      )}
      {policy.changedAt && (
        <Text size="sm" c="dimmed">
          Last chosen by {policy.changedBy ?? "somebody"}, <Moment at={policy.changedAt} />.
        </Text>
      )}
      <Group>
        <Button
          loading={save.isPending}
          disabled={(chosen === policy.contactPolicy && note === (policy.note ?? "")) || (isDeviation && !note.trim())}
          onClick={() => save.mutate()}
        >
          Save
        </Button>
      </Group>
    </Stack>
  );
}

const KINDS: Record<Schemas["CostKind"], string> = {
  messageSent: "Messages sent",
  messageRead: "Messages read",
  profileRead: "Profiles read",
};

function CostsPart({ platform, name }: { platform: string; name: string }) {
  const found = useQuery(query.costs(platform));
  return (
    <Section title={`What ${name} bills, last 30 days`} bare>
      <Shown query={found}>
        {(costs) => (
          <>
            <Table
              label="Costs by kind"
              rows={costs.kinds}
              rowKey={({ kind }) => kind}
              columns={[
                { label: "For", isWide: true, cell: ({ kind }) => KINDS[kind] },
                { label: "How many", isNumber: true, cell: ({ units }) => count(units) },
                { label: "Each", isNumber: true, cell: ({ price }) => `${price} ${costs.currency}` },
                { label: "Together", isNumber: true, cell: ({ cost }) => money(cost, costs.currency) },
              ]}
              empty={null}
            />
            <Text size="sm" c="dimmed" mt="xs">
              {money(costs.cost, costs.currency)} in all, at the prices of {costs.pricesAsOf}. Counted here; the
              platform's own bill decides.
            </Text>
          </>
        )}
      </Shown>
    </Section>
  );
}
