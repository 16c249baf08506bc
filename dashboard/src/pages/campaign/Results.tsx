import { SegmentedControl, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import * as query from "../../api/queries.ts";
import type { Analytics, Campaign, TeamOverview } from "../../api/types.ts";
import { Columns } from "../../parts/Columns.tsx";
import { DownloadCsv } from "../../parts/DownloadCsv.tsx";
import { Funnel } from "../../parts/Funnel.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Section, Shown } from "../../parts/Page.tsx";
import { nameOf } from "../../parts/Person.tsx";
import { Table } from "../../parts/Table.tsx";
import { percent } from "../../words/numbers.ts";
import { LEAD_STAGES } from "../../words/states.ts";
import { day, moment } from "../../words/time.ts";
import { LeadsCount } from "./LeadsCount.tsx";
import { useStepNames } from "./names.ts";

/** What has come of a campaign: how far its leads are, over time, by message and by account. */
export function Results({ campaign }: { campaign: Campaign }) {
  const found = useQuery(query.analytics(campaign.id));
  return (
    <Shown query={found}>
      {(analytics) => (
        <>
          <Section title="How far">
            <Stages campaign={campaign} funnel={analytics.funnel} />
          </Section>
          <OverTime campaign={campaign} analytics={analytics} />
          <Messages campaign={campaign} analytics={analytics} />
          <Accounts campaign={campaign} analytics={analytics} />
        </>
      )}
    </Shown>
  );
}

function Stages({ campaign, funnel }: { campaign: Campaign; funnel: Analytics["funnel"] }) {
  const statuses = useQuery(query.statuses());
  const names = Object.fromEntries((statuses.data ?? []).map(({ id, name }) => [id, name]));
  const leads = (search: query.LeadFilter) => ({
    to: "/campaigns/$campaignId/leads" as const,
    params: { campaignId: campaign.id },
    search,
  });
  return (
    <>
      <Funnel
        stages={[
          { label: "Leads", value: funnel.leads, link: leads({}) },
          { label: LEAD_STAGES.reachable, value: funnel.reachable, link: leads({ stage: "reachable" }) },
          { label: LEAD_STAGES.contacted, value: funnel.contacted, link: leads({ stage: "contacted" }) },
          { label: LEAD_STAGES.followedUp, value: funnel.followedUp, link: leads({ stage: "followedUp" }) },
          { label: LEAD_STAGES.replied, value: funnel.replied, link: leads({ stage: "replied" }) },
        ]}
      />
      {funnel.statuses.length > 0 && (
        <Text size="sm" c="dimmed" mt="md">
          Those who answered:{" "}
          {funnel.statuses.map((status, at) => (
            <Fragment key={status.statusId}>
              {at > 0 && ", "}
              <LeadsCount
                campaignId={campaign.id}
                value={status.count}
                filter={{ stage: "replied", statusId: [status.statusId ?? "none"] }}
              />{" "}
              {status.statusId ? (names[status.statusId] ?? "…") : "without a status"}
            </Fragment>
          ))}
        </Text>
      )}
    </>
  );
}

function OverTime({ campaign, analytics }: { campaign: Campaign; analytics: Analytics }) {
  const [interval, setInterval] = useState<"day" | "hour">("day");
  const lastDay = analytics.series.at(-1)?.at;
  const hours = useQuery({
    ...query.lastHours(campaign.id, lastDay ?? campaign.createdAt),
    enabled: interval === "hour" && lastDay !== undefined,
  });
  const shown = interval === "hour" && hours.data ? hours.data : analytics;
  const period = { interval: shown.interval, from: shown.from ?? undefined, to: shown.to ?? undefined };
  return (
    <Section
      title="Over time"
      actions={
        <>
          <SegmentedControl
            size="xs"
            aria-label="By"
            data={[
              { value: "day", label: "Days" },
              { value: "hour", label: "Hours" },
            ]}
            value={interval}
            onChange={(value) => setInterval(value as "day" | "hour")}
          />
          <DownloadCsv from={`/api/v2/campaigns/${campaign.id}/analytics.csv`} query={{ by: "series", ...period }} />
        </>
      }
    >
      {lastDay === undefined ? (
        <Text size="sm" c="dimmed">
          Nothing was sent yet.
        </Text>
      ) : (
        <Columns
          whole="Messages sent"
          part="Answers"
          columns={shown.series.map(({ at, sent, replied }) => ({
            key: at,
            label: shown.interval === "hour" ? moment(at, { zone: shown.timezone }) : day(at, shown.timezone),
            whole: sent,
            part: replied,
          }))}
        />
      )}
    </Section>
  );
}

type ResultRow = {
  key: string;
  text: string;
  /** Which leads it is about: of an option, those for whom it was picked. */
  of: { stepId: string; option?: string };
  sent: number;
  replied: number;
  replyRate: number;
};

function Messages({ campaign, analytics }: { campaign: Campaign; analytics: Analytics }) {
  const texts = useStepNames(campaign);
  const rows: ResultRow[] = analytics.steps.flatMap((step) => [
    {
      key: step.id,
      text: texts.get(step.id) ?? `A message of version ${step.version}`,
      of: { stepId: step.id },
      sent: step.sent,
      replied: step.replied,
      replyRate: step.replyRate,
    },
    ...step.options.map((option) => ({
      key: `${step.id}-${option.segment}-${option.option}`,
      text: option.text ?? "An option of before",
      of: { stepId: step.id, option: `${option.segment}-${option.option}` },
      sent: option.sent,
      replied: option.replied,
      replyRate: option.replyRate,
    })),
  ]);
  return (
    <Section
      title="By message"
      note="An answer counts for the message it followed; below a message its variations."
      actions={<DownloadCsv from={`/api/v2/campaigns/${campaign.id}/analytics.csv`} query={{ by: "steps" }} />}
      bare
    >
      <Table
        label="Results by message"
        rows={rows}
        rowKey={({ key }) => key}
        columns={[
          {
            label: "Message",
            isWide: true,
            cell: ({ text, of }) => (of.option ? <span className="soft">↳ {text}</span> : text),
          },
          {
            label: "Sent",
            isNumber: true,
            cell: ({ sent, of }) => (
              <LeadsCount campaignId={campaign.id} value={sent} filter={{ sentStepId: of.stepId, option: of.option }} />
            ),
          },
          {
            label: "Answered",
            isNumber: true,
            cell: ({ replied, of }) => (
              <LeadsCount
                campaignId={campaign.id}
                value={replied}
                filter={{ answeredStepId: of.stepId, option: of.option }}
              />
            ),
          },
          { label: "Share", isNumber: true, cell: ({ replyRate }) => percent(replyRate) },
        ]}
        empty={
          <Text size="sm" c="dimmed" p="md">
            Nothing was sent yet.
          </Text>
        }
      />
    </Section>
  );
}

type AccountRow = {
  id: string;
  username: string;
  result: Analytics["accounts"][number] | undefined;
  next: TeamOverview["upcoming"][number] | undefined;
};

function Accounts({ campaign, analytics }: { campaign: Campaign; analytics: Analytics }) {
  const accounts = useQuery(query.accounts());
  const overview = useQuery(query.overview());
  const results = new Map(analytics.accounts.map((result) => [result.accountLinkId, result]));
  const former = analytics.accounts.filter(({ accountLinkId }) => !campaign.accountLinkIds.includes(accountLinkId));
  const names = new Map((accounts.data ?? []).map(({ id, username }) => [id, username]));
  const rows: AccountRow[] = [...campaign.accountLinkIds, ...former.map(({ accountLinkId }) => accountLinkId)].map(
    (id) => ({
      id,
      username: results.get(id)?.username ?? names.get(id) ?? "…",
      result: results.get(id),
      next: overview.data?.upcoming.find((one) => one.accountLinkId === id && one.campaignId === campaign.id),
    }),
  );
  return (
    <Section
      title="By account"
      actions={<DownloadCsv from={`/api/v2/campaigns/${campaign.id}/analytics.csv`} query={{ by: "accounts" }} />}
      bare
    >
      <Table
        label="Results by account"
        rows={rows}
        rowKey={({ id }) => id}
        columns={[
          {
            label: "Account",
            cell: ({ id, username }) => (
              <Link
                to="/campaigns/$campaignId/leads"
                params={{ campaignId: campaign.id }}
                search={{ accountLinkId: [id] }}
                className="plain"
              >
                @{username}
              </Link>
            ),
          },
          ...(["contacted", "followedUp", "replied"] as const).map((stage) => ({
            label: LEAD_STAGES[stage],
            isNumber: true,
            cell: ({ id, result }: AccountRow) => (
              <LeadsCount
                campaignId={campaign.id}
                value={result?.[stage] ?? 0}
                filter={{ stage, accountLinkId: [id] }}
              />
            ),
          })),
          { label: "Share", isNumber: true, cell: ({ result }) => percent(result?.replyRate ?? 0) },
          {
            label: "Next message",
            isWide: true,
            cell: ({ next }) =>
              next ? (
                <span>
                  <Moment at={next.at} /> to {nameOf(next.profile)}
                </span>
              ) : (
                <span className="soft">–</span>
              ),
          },
        ]}
        empty={null}
      />
    </Section>
  );
}
