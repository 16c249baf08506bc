import { Button, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { changeCampaign } from "../../api/changes.ts";
import * as query from "../../api/queries.ts";
import type { Account, Campaign } from "../../api/types.ts";
import { AccountChoice } from "../../parts/AccountChoice.tsx";
import { useAction } from "../../parts/action.ts";
import { Section, Shown } from "../../parts/Page.tsx";
import { WhatComes } from "./WhatComes.tsx";

const route = getRouteApi("/shell/campaigns/$campaignId/settings");

/** A campaign's name, what it is for, and the accounts it sends from. */
export function SettingsPage() {
  const { campaignId } = route.useParams();
  const campaign = useQuery(query.campaign(campaignId));
  const accounts = useQuery(query.accounts());
  return (
    <Shown query={campaign}>
      {(found) => (
        <Shown query={accounts}>{(all) => <Settings key={found.id} campaign={found} accounts={all} />}</Shown>
      )}
    </Shown>
  );
}

function Settings({ campaign, accounts }: { campaign: Campaign; accounts: Account[] }) {
  const [name, setName] = useState(campaign.name);
  const [description, setDescription] = useState(campaign.description ?? "");
  const [accountLinkIds, setAccounts] = useState(campaign.accountLinkIds);
  const areOthers = accountLinkIds.toSorted().join() !== campaign.accountLinkIds.toSorted().join();
  const save = useAction({
    run: () => changeCampaign(campaign.id, { name, description: description || null, accountLinkIds }),
    renews: ["campaigns"],
    done: "Saved.",
  });
  return (
    <Section title="Name and accounts">
      <Stack maw={520}>
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={255}
          required
        />
        <Textarea
          label="What it is for"
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          maxLength={1000}
          autosize
          minRows={2}
        />
        <AccountChoice accounts={accounts} value={accountLinkIds} onChange={setAccounts} />
        {areOthers && accountLinkIds.length > 0 && <WhatComes campaign={campaign} changes={{ accountLinkIds }} />}
        {campaign.contactedCount > 0 && (
          <Text size="sm" c="dimmed">
            Leads not contacted yet are shared out again when accounts join or leave. Whoever was written to stays with
            the account that wrote; if that one leaves, the lead is held.
          </Text>
        )}
        <Group>
          <Button
            loading={save.isPending}
            disabled={!name.trim() || accountLinkIds.length === 0}
            onClick={() => save.mutate()}
          >
            Save
          </Button>
        </Group>
      </Stack>
    </Section>
  );
}
