import { Button, Chip, Group, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import * as query from "../../api/queries.ts";
import type { Campaign, CampaignSort } from "../../api/types.ts";
import { DownloadCsv } from "../../parts/DownloadCsv.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Empty, PageHead } from "../../parts/Page.tsx";
import { SearchBox } from "../../parts/SearchBox.tsx";
import { Share } from "../../parts/Share.tsx";
import { CampaignState } from "../../parts/State.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { count, percent } from "../../words/numbers.ts";
import { CAMPAIGN_STATES } from "../../words/states.ts";
import { day } from "../../words/time.ts";

const route = getRouteApi("/shell/campaigns");

const COLUMNS: TableColumn<Campaign>[] = [
  {
    label: "Campaign",
    isWide: true,
    sort: { by: "name", order: "asc" },
    cell: (campaign) => (
      <>
        <Link to="/campaigns/$campaignId" params={{ campaignId: campaign.id }} className="plain">
          <strong>{campaign.name}</strong>
        </Link>
        <WaitsFor campaign={campaign} />
      </>
    ),
  },
  { label: "Status", sort: { by: "status", order: "asc" }, cell: (campaign) => <CampaignState campaign={campaign} /> },
  {
    label: "Progress",
    sort: { by: "completionRate", order: "desc" },
    cell: (campaign) => <Share value={campaign.completionRate} label="done" />,
  },
  {
    label: "Leads",
    isNumber: true,
    sort: { by: "targetsCount", order: "desc" },
    cell: (campaign) => count(campaign.targetsCount),
  },
  {
    label: "Contacted",
    isNumber: true,
    sort: { by: "contactedCount", order: "desc" },
    cell: (campaign) => count(campaign.contactedCount),
  },
  {
    label: "Replies",
    isNumber: true,
    sort: { by: "repliesCount", order: "desc" },
    cell: (campaign) =>
      campaign.contactedCount ? `${count(campaign.repliesCount)} · ${percent(campaign.replyRate)}` : "–",
  },
  { label: "Next message", cell: (campaign) => <Moment at={campaign.nextSendAt} /> },
  { label: "Finishes", isMinor: true, cell: (campaign) => <Finish campaign={campaign} /> },
];

export function CampaignsPage() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const source = useInfiniteQuery({ ...query.campaigns(filter), placeholderData: (old) => old });
  const isFiltered = Boolean(filter.q || filter.status);
  return (
    <>
      <PageHead
        title="Campaigns"
        actions={
          <>
            <DownloadCsv from="/api/v2/campaigns.csv" query={filter} />
            <Button component={Link} to="/campaigns/new">
              New campaign
            </Button>
          </>
        }
      />
      <Group mb="md" gap="sm">
        <SearchBox
          label="Search campaigns by name"
          placeholder="Search by name"
          value={filter.q}
          change={(q) => void navigate({ search: (old) => ({ ...old, q }), replace: true })}
          width={240}
        />
        <Chip.Group
          multiple
          value={filter.status ?? []}
          onChange={(status) =>
            void navigate({
              search: (old) => ({ ...old, status: status.length ? (status as Campaign["status"][]) : undefined }),
              replace: true,
            })
          }
        >
          <Group gap={6} role="group" aria-label="Only with status">
            {Object.entries(CAMPAIGN_STATES).map(([status, { label }]) => (
              <Chip key={status} value={status} size="xs" variant="outline">
                {label}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      </Group>
      <Table
        label="Campaigns"
        source={source}
        columns={COLUMNS}
        rowKey={(campaign) => campaign.id}
        sorting={{
          now: filter.sort ? { by: filter.sort, order: filter.order ?? "desc" } : null,
          change: (to) =>
            void navigate({
              search: ({ sort: _, order: __, ...rest }) =>
                to ? { ...rest, sort: to.by as CampaignSort, order: to.order } : rest,
              replace: true,
            }),
        }}
        empty={
          isFiltered ? (
            <Empty
              title="No campaign matches"
              action={
                <Button
                  variant="default"
                  onClick={() => void navigate({ search: ({ sort, order }) => ({ sort, order }), replace: true })}
                >
                  Show all
                </Button>
              }
            >
              Try another word, or look at all campaigns.
            </Empty>
          ) : (
            <Empty
              title="No campaign yet"
              action={
                <Button component={Link} to="/campaigns/new">
                  Make the first one
                </Button>
              }
            >
              A campaign writes to the people of your lists, from your accounts, at a human pace, and stops with
              everybody who answers. You see every message before it starts.
            </Empty>
          )
        }
      />
    </>
  );
}

function Finish({ campaign: { finishesAt, completedAt } }: { campaign: Campaign }) {
  if (!finishesAt) return completedAt ? <Moment at={completedAt} /> : <span className="soft">–</span>;
  return (
    <span title="As far as can be told now, and if nobody answers">
      about <time dateTime={finishesAt}>{day(finishesAt)}</time>
    </span>
  );
}

/** What it waits for, below its name; a draft waits for nothing but its start. */
function WaitsFor({ campaign: { status, waitsFor } }: { campaign: Campaign }) {
  if (!waitsFor || status === "draft") return null;
  return (
    <Text size="xs" c="dimmed" title={waitsFor.until ?? undefined}>
      {waitsFor.message}
    </Text>
  );
}
