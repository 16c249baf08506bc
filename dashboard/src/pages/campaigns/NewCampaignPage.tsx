import { Button, Group, Paper, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { Account } from "../../api/types.ts";
import { AccountChoice } from "../../parts/AccountChoice.tsx";
import { useAction } from "../../parts/action.ts";
import { PageHead, Shown } from "../../parts/Page.tsx";

/** The beginning of a campaign: its name and accounts. From then on it is a draft that nothing is lost of. */
export function NewCampaignPage() {
  const accounts = useQuery(query.accounts());
  return (
    <>
      <PageHead
        title="New campaign"
        back={{ to: "/campaigns", label: "Campaigns" }}
        note="Five short steps: who, what, when, what happens by itself, and a check. Nothing is sent before you start it."
      />
      <Shown query={accounts}>{(all) => <New accounts={all} />}</Shown>
    </>
  );
}

function New({ accounts }: { accounts: Account[] }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [chosen, setAccounts] = useState<string[] | null>(null);
  // All that can send, as long as nobody has chosen: also those that are heard of only now.
  const accountLinkIds = chosen ?? accounts.filter(({ status }) => status !== "offline").map(({ id }) => id);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const create = useAction({
    run: () => take(api.POST("/api/v2/campaigns", { body: { name, accountLinkIds, scheduleTimezone: zone } })),
    renews: ["campaigns"],
    after: ({ id }) => void navigate({ to: "/campaigns/$campaignId/audience", params: { campaignId: id } }),
  });
  return (
    <Paper p="lg" maw={560}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="For you and your team; nobody else sees it."
            placeholder="Follow-up to the autumn fair"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={255}
            data-autofocus
            required
          />
          <AccountChoice accounts={accounts} value={accountLinkIds} onChange={setAccounts} />
          <Group>
            <Button type="submit" loading={create.isPending} disabled={!name.trim() || accountLinkIds.length === 0}>
              Continue
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
