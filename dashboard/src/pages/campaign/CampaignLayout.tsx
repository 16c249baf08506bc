import { Alert, Button, Menu } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, type LinkProps, Outlet, useNavigate } from "@tanstack/react-router";
import { disableCampaign, enableCampaign } from "../../api/changes.ts";
import { api, take } from "../../api/client.ts";
import { Problem } from "../../api/problem.ts";
import * as query from "../../api/queries.ts";
import type { Campaign } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { MoreIcon } from "../../parts/icons.tsx";
import { Failure, Loading, PageHead } from "../../parts/Page.tsx";
import { CampaignState } from "../../parts/State.tsx";
import { Tabs } from "../../parts/Tabs.tsx";

const route = getRouteApi("/shell/campaigns/$campaignId");

type Place = { to: LinkProps["to"]; label: string };

const BASE = "/campaigns/$campaignId";
const RESULTS: Place[] = [
  { to: BASE, label: "Overview" },
  { to: `${BASE}/leads`, label: "Leads" },
];
/** In this order a draft is made ready; later each stays open to be changed. */
export const SETUP: Place[] = [
  { to: `${BASE}/audience`, label: "Who" },
  { to: `${BASE}/sequence`, label: "Sequence" },
  { to: `${BASE}/schedule`, label: "Schedule" },
  { to: `${BASE}/automations`, label: "Automations" },
];
const CHECK: Place = { to: `${BASE}/check`, label: "Check and start" };

export function placesOf(campaign: Campaign): Place[] {
  if (campaign.status === "draft") return [...SETUP, CHECK];
  return [...RESULTS, ...SETUP, ...(campaign.status === "active" ? [] : [CHECK])];
}

/** The head of a campaign and the ways to its parts. */
export function CampaignLayout() {
  const { campaignId } = route.useParams();
  const found = useQuery(query.campaign(campaignId));
  if (!found.data) {
    return found.error ? <Failure error={found.error} retry={() => void found.refetch()} /> : <Loading />;
  }
  const campaign = found.data;
  return (
    <>
      <PageHead
        title={campaign.name}
        back={{ to: "/campaigns", label: "Campaigns" }}
        note={
          <>
            <CampaignState campaign={campaign} />
            {campaign.description && <span> · {campaign.description}</span>}
            {campaign.dryRun && <span> · dry run: nothing is delivered</span>}
          </>
        }
        actions={<Actions campaign={campaign} />}
      />
      {campaign.pauseReason && (
        <Alert color="orange" mb="md" title="Overture has paused this campaign">
          {campaign.pauseReason.message} It goes on by itself when the cause ends.
        </Alert>
      )}
      <Tabs
        label="Parts of the campaign"
        isNumbered={campaign.status === "draft"}
        places={placesOf(campaign).map((place) => ({
          ...place,
          params: { campaignId },
          isExact: place.to === BASE,
        }))}
      />
      <Outlet />
    </>
  );
}

function Actions({ campaign }: { campaign: Campaign }) {
  const navigate = useNavigate();
  const params = { campaignId: campaign.id };
  const pause = useAction({
    run: () => disableCampaign(campaign.id),
    renews: ["campaigns"],
    done: "Paused. Nothing more leaves until you resume.",
  });
  const resume = useAction({
    run: () => enableCampaign(campaign.id),
    renews: ["campaigns"],
    done: "The campaign goes on.",
    isFailureShown: true,
  });
  const duplicate = useAction({
    run: () =>
      take(api.POST("/api/v2/campaigns/{campaign_id}/duplicate", { params: { path: { campaign_id: campaign.id } } })),
    renews: ["campaigns"],
    done: "Duplicated as a draft.",
    after: (made) => void navigate({ to: `${BASE}/audience`, params: { campaignId: made.id } }),
  });
  const remove = useAction({
    run: () => take(api.DELETE("/api/v2/campaigns/{campaign_id}", { params: { path: { campaign_id: campaign.id } } })),
    renews: ["campaigns"],
    done: "The campaign is deleted; what it sent stays in the conversations.",
    after: () => void navigate({ to: "/campaigns" }),
  });
  return (
    <>
      {campaign.status === "active" && (
        <Button variant="default" loading={pause.isPending} onClick={() => pause.mutate()}>
          Pause
        </Button>
      )}
      {campaign.status === "paused" && (
        <Button
          loading={resume.isPending}
          onClick={() =>
            resume.mutate(undefined, {
              // What keeps it from going on is told by the check, with what to do about each thing.
              onError: (error) => {
                if (error instanceof Problem) void navigate({ to: `${BASE}/check`, params });
              },
            })
          }
        >
          Resume
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" aria-label="More about this campaign">
            <MoreIcon />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component={Link} to={`${BASE}/settings`} params={params as never}>
            Name and accounts
          </Menu.Item>
          <Menu.Item onClick={() => duplicate.mutate()}>Duplicate</Menu.Item>
          <Menu.Item component="a" href={`/api/v2/campaigns/${campaign.id}/leads.csv`}>
            Download leads as CSV
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item c="var(--tone-bad)" disabled={campaign.status === "active"} onClick={() => remove.mutate()}>
            {campaign.status === "active" ? "Delete (pause it first)" : "Delete"}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
