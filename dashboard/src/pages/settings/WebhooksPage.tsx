import { Button, Group, Paper, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { inWords } from "../../api/problem.ts";
import * as query from "../../api/queries.ts";
import type { components } from "../../api/schema.d.ts";
import { useAction } from "../../parts/action.ts";
import { Moment } from "../../parts/Moment.tsx";
import { Empty, Section, Shown } from "../../parts/Page.tsx";
import { State } from "../../parts/State.tsx";
import { Table } from "../../parts/Table.tsx";
import type { Tone } from "../../words/states.ts";
import style from "./Settings.module.css";

type Schemas = components["schemas"];
type Webhook = Schemas["WebhookAnswer"];

const DELIVERIES: Record<Schemas["DeliveryState"], { label: string; tone: Tone }> = {
  pending: { label: "Waiting", tone: "running" },
  delivered: { label: "Delivered", tone: "good" },
  failed: { label: "Failed", tone: "bad" },
};

/** Addresses that are told of what happens. */
export function WebhooksPage() {
  const found = useQuery(query.webhooks());
  const [url, setUrl] = useState("");
  const make = useAction({
    run: () => take(api.POST("/api/v2/webhooks", { body: { url } })),
    renews: ["webhooks"],
    isFailureShown: true,
    after: () => setUrl(""),
  });
  return (
    <Section
      title="Webhooks"
      note="Every event of the team is posted to these addresses, signed, in order, and tried again for more than a day."
      bare
    >
      <Paper p="md" mb="md">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          <Group align="flex-start">
            <TextInput
              label="New address"
              type="url"
              placeholder="https://example.com/overture"
              value={url}
              onChange={(event) => setUrl(event.currentTarget.value)}
              error={make.error ? inWords(make.error) : undefined}
              flex={1}
              miw={240}
            />
            <Button type="submit" className={style.beside} loading={make.isPending} disabled={!url.trim()}>
              Add
            </Button>
          </Group>
        </form>
        {make.data && (
          <Stack mt="md" gap={6} role="status">
            <Text size="sm">Its secret, with which signatures are checked. Copy it now: it is not shown again.</Text>
            <code className={style.secret}>{make.data.secret}</code>
          </Stack>
        )}
      </Paper>
      <Shown query={found}>
        {(all) =>
          all.length === 0 ? (
            <Paper>
              <Empty title="No webhooks">Other systems can hear of every answer the moment it comes.</Empty>
            </Paper>
          ) : (
            <Stack>
              {all.map((webhook) => (
                <Endpoint key={webhook.id} webhook={webhook} />
              ))}
            </Stack>
          )
        }
      </Shown>
    </Section>
  );
}

function Endpoint({ webhook }: { webhook: Webhook }) {
  const [isOpen, setOpen] = useState(false);
  const path = { webhook_id: webhook.id };
  const change = useAction({
    run: (enabled: boolean) =>
      take(api.PATCH("/api/v2/webhooks/{webhook_id}", { params: { path }, body: { enabled } })),
    renews: ["webhooks"],
  });
  const test = useAction({
    run: () => take(api.POST("/api/v2/webhooks/{webhook_id}/test", { params: { path } })),
    renews: ["webhooks"],
    done: "A test is on its way; the deliveries show what came of it.",
    after: () => setOpen(true),
  });
  const remove = useAction({
    run: () => take(api.DELETE("/api/v2/webhooks/{webhook_id}", { params: { path } })),
    renews: ["webhooks"],
    done: "The webhook is deleted.",
  });
  return (
    <Paper p="md">
      <Group justify="space-between" gap="sm">
        <div>
          <Text fw={600} style={{ overflowWrap: "anywhere" }}>
            {webhook.url}
          </Text>
          <Text size="sm" c="dimmed">
            {webhook.types.length ? webhook.types.join(", ") : "All events"}
            {webhook.disabledReason && ` · switched off: ${webhook.disabledReason}`}
          </Text>
        </div>
        <Switch
          label="On"
          checked={webhook.enabled}
          disabled={change.isPending}
          onChange={(event) => change.mutate(event.currentTarget.checked)}
        />
      </Group>
      <Group gap="xs" mt="sm">
        <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          Send a test
        </Button>
        <Button size="xs" variant="default" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Deliveries
        </Button>
        <Button size="xs" variant="subtle" color="gray" c="var(--tone-bad)" onClick={() => remove.mutate()}>
          Delete
        </Button>
      </Group>
      {isOpen && <Deliveries webhookId={webhook.id} />}
    </Paper>
  );
}

function Deliveries({ webhookId }: { webhookId: string }) {
  const found = useQuery(query.deliveries(webhookId));
  const again = useAction({
    run: (id: string) =>
      take(
        api.POST("/api/v2/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", {
          params: { path: { webhook_id: webhookId, delivery_id: id } },
        }),
      ),
    renews: ["webhooks"],
    done: "It is sent again.",
  });
  return (
    <Stack mt="md">
      <Shown query={found}>
        {(all) => (
          <Table
            label="Latest deliveries"
            rows={all}
            rowKey={({ id }) => id}
            columns={[
              { label: "Event", isWide: true, cell: (delivery) => delivery.type },
              {
                label: "State",
                cell: ({ state }) => <State tone={DELIVERIES[state].tone}>{DELIVERIES[state].label}</State>,
              },
              {
                label: "Last answer",
                cell: ({ tries }) => {
                  const last = tries.at(-1);
                  return last ? (last.status ?? last.error ?? "–") : "–";
                },
              },
              { label: "When", isMinor: true, cell: ({ createdAt }) => <Moment at={createdAt} /> },
              {
                label: "Again",
                cell: ({ id, type }) => (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    aria-label={`Send again: ${type}`}
                    onClick={() => again.mutate(id)}
                  >
                    Send again
                  </Button>
                ),
              },
            ]}
            empty={<Empty title="Nothing sent yet">Send a test to see how the address answers.</Empty>}
          />
        )}
      </Shown>
    </Stack>
  );
}
