import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, type LinkProps } from "@tanstack/react-router";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { Account, Campaign, TeamOverview } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { Moment } from "../../parts/Moment.tsx";
import { Empty, PageHead, Section, Shown } from "../../parts/Page.tsx";
import { nameOf } from "../../parts/Person.tsx";
import { Share } from "../../parts/Share.tsx";
import { State } from "../../parts/State.tsx";
import { Table } from "../../parts/Table.tsx";
import { wayTo } from "../../words/attention.ts";
import { count, percent } from "../../words/numbers.ts";

/** At a glance: what needs somebody, what runs, who has answered. */
export function HomePage() {
  const campaigns = useInfiniteQuery(query.campaigns({ status: ["active", "paused"] }));
  const accounts = useQuery(query.accounts());
  const overview = useQuery(query.overview());
  return (
    <>
      <PageHead title="Home" />
      <Shown query={accounts}>
        {(all) => (
          <Shown query={campaigns}>
            {({ pages }) => (
              <Shown query={overview}>
                {(found) => <Glance accounts={all} campaigns={pages.flatMap((page) => page.data)} overview={found} />}
              </Shown>
            )}
          </Shown>
        )}
      </Shown>
    </>
  );
}

function Glance({
  accounts,
  campaigns,
  overview,
}: {
  accounts: Account[];
  campaigns: Campaign[];
  overview: TeamOverview;
}) {
  const running = campaigns.filter(({ status }) => status === "active");
  return (
    <>
      <Needs overview={overview} isIdle={campaigns.length === 0} />
      {campaigns.length === 0 ? <Idle accounts={accounts} /> : <Running campaigns={running} />}
      <Upcoming upcoming={overview.upcoming} />
      <Answers />
      <StopAll />
    </>
  );
}

function Needs({ overview, isIdle }: { overview: TeamOverview; isIdle: boolean }) {
  const { attention, attentionCount } = overview;
  if (attention.length === 0) {
    if (isIdle) return null;
    return (
      <Paper p="md">
        <State tone="good">Nothing needs you: everything goes on by itself.</State>
      </Paper>
    );
  }
  return (
    <Section
      title="Needs you"
      bare
      note={attentionCount > attention.length && `The first ${attention.length} of ${count(attentionCount)}.`}
    >
      <Stack gap="sm">
        {attention.map((need) => {
          const way = wayTo(need);
          return (
            <Paper key={`${need.code}-${need.object.id}-${need.message}`} p="md">
              <Group justify="space-between" gap="sm" wrap="nowrap">
                <div>
                  <State tone={need.severity === "error" ? "bad" : "care"} isLong>
                    <strong>{need.message}</strong>
                  </State>
                  <Text size="sm" c="dimmed" pl={16}>
                    {need.remedy.replaceAll("`", "")}
                  </Text>
                </div>
                {way && (
                  <Button
                    variant="default"
                    size="xs"
                    component={Link}
                    to={way.to as LinkProps["to"]}
                    params={way.params as never}
                    search={way.search as never}
                    flex="none"
                  >
                    {way.label}
                  </Button>
                )}
              </Group>
            </Paper>
          );
        })}
      </Stack>
    </Section>
  );
}

function Upcoming({ upcoming }: { upcoming: TeamOverview["upcoming"] }) {
  if (upcoming.length === 0) return null;
  return (
    <Section title="Goes out next" bare>
      <Table
        label="What goes out next"
        rows={upcoming}
        rowKey={({ accountLinkId }) => accountLinkId}
        columns={[
          { label: "When", cell: ({ at }) => <Moment at={at} /> },
          { label: "From", cell: ({ username }) => `@${username ?? "…"}` },
          { label: "To", cell: ({ profile }) => nameOf(profile) },
          {
            label: "Campaign",
            isWide: true,
            cell: ({ campaignId, campaignName }) => (
              <Link to="/campaigns/$campaignId" params={{ campaignId }} className="plain">
                {campaignName}
              </Link>
            ),
          },
        ]}
        empty={null}
      />
    </Section>
  );
}

/** Nothing is to run: before the first campaign the way there is shown. */
function Idle({ accounts }: { accounts: Account[] }) {
  const ended = useInfiniteQuery(query.campaigns({ status: ["completed"] }));
  if (!ended.data) return null;
  const isFirst = ended.data.pages.every(({ data }) => data.length === 0);
  return isFirst ? <FirstSteps accounts={accounts} /> : <Running campaigns={[]} />;
}

function FirstSteps({ accounts }: { accounts: Account[] }) {
  const lists = useQuery(query.lists());
  const own = (lists.data ?? []).filter(({ kind }) => kind === "user");
  const steps = [
    {
      isDone: accounts.length > 0,
      text: "Link an account to write from",
      to: "/accounts" as const,
    },
    {
      isDone: own.some(({ leadsCount }) => leadsCount > 0),
      text: "Make a list and import people",
      to: "/lists" as const,
    },
    { isDone: false, text: "Make a campaign", to: "/campaigns/new" as const },
  ];
  const next = steps.find(({ isDone }) => !isDone);
  return (
    <Section title="Three steps to a first campaign">
      <Stack gap="sm">
        {steps.map((step, index) => (
          <Group key={step.to} justify="space-between">
            <State tone={step.isDone ? "good" : "quiet"}>
              {index + 1}. {step.text}
              {step.isDone && <span className="soft"> · done</span>}
            </State>
            {!step.isDone && (
              <Button size="xs" variant={step === next ? "filled" : "default"} component={Link} to={step.to}>
                {step === next ? "Do this next" : "Open"}
              </Button>
            )}
          </Group>
        ))}
      </Stack>
    </Section>
  );
}

function Running({ campaigns }: { campaigns: Campaign[] }) {
  return (
    <Section title="Running" bare>
      <Table
        label="Running campaigns"
        rows={campaigns}
        rowKey={({ id }) => id}
        columns={[
          {
            label: "Campaign",
            cell: (campaign) => (
              <Link to="/campaigns/$campaignId" params={{ campaignId: campaign.id }} className="plain">
                <strong>{campaign.name}</strong>
              </Link>
            ),
          },
          { label: "Progress", cell: (campaign) => <Share value={campaign.completionRate} label="done" /> },
          {
            label: "Contacted",
            isNumber: true,
            cell: (campaign) => `${count(campaign.contactedCount)} of ${count(campaign.targetsCount)}`,
          },
          {
            label: "Replies",
            isNumber: true,
            cell: (campaign) =>
              campaign.contactedCount ? `${count(campaign.repliesCount)} · ${percent(campaign.replyRate)}` : "–",
          },
          {
            label: "What it waits for",
            isMinor: true,
            isWide: true,
            cell: (campaign) => <span className="soft">{campaign.waitsFor?.message}</span>,
          },
        ]}
        empty={
          <Empty title="Nothing runs at the moment">
            Campaigns that are paused or have ended keep their place. <Link to="/campaigns">Look at all campaigns</Link>
          </Empty>
        }
      />
    </Section>
  );
}

const SHOWN = 5;

function Answers() {
  const threads = useInfiniteQuery(query.threads({ folder: "noReply" }));
  const found = threads.data?.pages[0]?.data.slice(0, SHOWN) ?? [];
  if (found.length === 0) return null;
  return (
    <Section
      title="Waiting for an answer from you"
      bare
      actions={
        <Link to="/replies" search={{ folder: "noReply" }} className="plain">
          See all
        </Link>
      }
    >
      <Table
        label="Conversations that wait for an answer"
        rows={found}
        rowKey={({ id }) => id}
        columns={[
          {
            label: "From",
            cell: (thread) => (
              <Link to="/replies/$threadId" params={{ threadId: thread.id }} className="plain">
                <strong>{thread.profile ? nameOf(thread.profile) : "Unknown"}</strong>
              </Link>
            ),
          },
          { label: "Wrote", isWide: true, cell: (thread) => thread.activity?.preview },
          { label: "To", isMinor: true, cell: (thread) => `@${thread.accountLink?.username}` },
          { label: "When", cell: (thread) => <Moment at={thread.activity?.at} /> },
        ]}
        empty={null}
      />
    </Section>
  );
}

function StopAll() {
  const team = useQuery(query.team());
  const stop = useAction({
    run: () => take(api.POST("/api/v2/team/stop")),
    renews: ["team", "campaigns"],
    done: "All sending is stopped.",
  });
  if (!team.data || team.data.stoppedAt) return null;
  return (
    <Section title="In an emergency">
      <Group justify="space-between">
        <Text size="sm">
          One switch stops everything the team sends, at once; nothing is lost, and you resume it here.
        </Text>
        <Button variant="default" c="var(--tone-bad)" loading={stop.isPending} onClick={() => stop.mutate()}>
          Stop all sending
        </Button>
      </Group>
    </Section>
  );
}
