import { Anchor, Checkbox, MultiSelect, Paper, Radio, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { Campaign, List } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { Empty, Section, Shown } from "../../parts/Page.tsx";
import { count, counted } from "../../words/numbers.ts";
import { SetupFoot } from "./SetupFoot.tsx";
import { WhoIsIn } from "./WhoIsIn.tsx";

const route = getRouteApi("/shell/campaigns/$campaignId/audience");

/** Who is written to: the lists that bring people in, and those that keep people out. */
export function AudiencePage() {
  const { campaignId } = route.useParams();
  const campaign = useQuery(query.campaign(campaignId));
  const lists = useQuery(query.lists());
  return (
    <Shown query={campaign}>
      {(found) => <Shown query={lists}>{(all) => <Audience key={found.id} campaign={found} lists={all} />}</Shown>}
    </Shown>
  );
}

type Rules = {
  syncedListIds: string[];
  excludedListIds: string[];
  excludeContacted: boolean;
  excludeMutuals: boolean;
};

function rulesOf({ rules }: Campaign): Rules {
  return {
    syncedListIds: rules.syncedLists.map(({ listId }) => listId),
    excludedListIds: rules.excludedLists.map(({ listId }) => listId),
    excludeContacted: rules.excludeContacted,
    excludeMutuals: rules.excludeMutuals,
  };
}

function Audience({ campaign, lists }: { campaign: Campaign; lists: List[] }) {
  const [edited, setEdited] = useState<Rules | null>(null);
  const [detachBehavior, setDetach] = useState<"unlink" | "remove">("unlink");
  const saved = rulesOf(campaign);
  const rules = edited ?? saved;
  const own = lists.filter((list) => list.kind === "user");
  const options = own.map((list) => ({ value: list.id, label: `${list.name} (${count(list.leadsCount)})` }));
  const gone = saved.syncedListIds.filter((id) => !rules.syncedListIds.includes(id));
  const contacted = lists.find((list) => list.kind === "contacted");
  const mutual = lists.find((list) => list.kind === "mutual");
  const edit = (change: Partial<Rules>) => setEdited({ ...rules, ...change });

  const save = useAction({
    run: () =>
      take(
        api.PATCH("/api/v2/campaigns/{campaign_id}/rules", {
          params: { path: { campaign_id: campaign.id } },
          body: { ...rules, detachBehavior },
        }),
      ),
    renews: ["campaigns"],
    done: "Saved. People come in and leave in the background.",
    after: () => setEdited(null),
  });

  if (own.length === 0) {
    return (
      <Paper>
        <Empty
          title="There is no list yet"
          action={
            <Anchor component={Link} to="/lists">
              Go to lists
            </Anchor>
          }
        >
          A campaign takes its people from lists. Make one and import a CSV into it, then come back: this draft stays.
        </Empty>
      </Paper>
    );
  }

  return (
    <>
      <Section title="Write to everyone in" note="Whoever joins one of these lists later joins the campaign by itself.">
        <MultiSelect
          aria-label="Lists that bring people in"
          placeholder={rules.syncedListIds.length ? undefined : "Choose lists"}
          data={options.filter(({ value }) => !rules.excludedListIds.includes(value))}
          value={rules.syncedListIds}
          onChange={(syncedListIds) => edit({ syncedListIds })}
          searchable
        />
        {gone.length > 0 && campaign.targetsCount > 0 && (
          <Radio.Group
            mt="md"
            label={`The people of ${counted(gone.length, "list")} that ${gone.length === 1 ? "is" : "are"} taken out`}
            value={detachBehavior}
            onChange={(value) => setDetach(value as "unlink" | "remove")}
          >
            <Stack gap={6} mt={6}>
              <Radio value="unlink" label="stay, as if added by hand" />
              <Radio value="remove" label="leave, unless another list brings them; nothing more is sent to them" />
            </Stack>
          </Radio.Group>
        )}
      </Section>
      <Section title="Leave out everyone who" note="Leaving out wins, whatever brings a person in.">
        <Stack gap="sm">
          <MultiSelect
            label="is in one of these lists"
            placeholder={rules.excludedListIds.length ? undefined : "None"}
            data={options.filter(({ value }) => !rules.syncedListIds.includes(value))}
            value={rules.excludedListIds}
            onChange={(excludedListIds) => edit({ excludedListIds })}
            searchable
          />
          <Checkbox
            label={`was written to before by any of your accounts (${count(contacted?.leadsCount ?? 0)} people)`}
            checked={rules.excludeContacted}
            onChange={(event) => edit({ excludeContacted: event.currentTarget.checked })}
          />
          <Checkbox
            label={`has a conversation with one of your accounts (${count(mutual?.leadsCount ?? 0)} people)`}
            checked={rules.excludeMutuals}
            onChange={(event) => edit({ excludeMutuals: event.currentTarget.checked })}
          />
        </Stack>
      </Section>
      <WhoIsIn campaign={campaign} rules={edited && { ...edited, detachBehavior }} />
      <SetupFoot
        campaign={campaign}
        isChanged={edited !== null}
        isSaving={save.isPending}
        onSave={async () => {
          if (edited === null) return true;
          return save.mutateAsync().then(
            () => true,
            () => false,
          );
        }}
      />
    </>
  );
}
