import { SegmentedControl, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import * as query from "../../api/queries.ts";
import type { Analytics, Campaign, LeadState } from "../../api/types.ts";
import { Columns } from "../../parts/Columns.tsx";
import { Funnel } from "../../parts/Funnel.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Section, Shown } from "../../parts/Page.tsx";
import { nameOf } from "../../parts/Person.tsx";
import { Table } from "../../parts/Table.tsx";
import { glance, VARIABLES } from "../../words/message.ts";
import { count, percent } from "../../words/numbers.ts";
import { drafts } from "../../words/steps.ts";
import { day, moment } from "../../words/time.ts";

/** What has come of a campaign: how far its leads are, over time, by message and by account. */
export function Results({ campaign }: { campaign: Campaign }) {
  const [interval, setInterval] = useState<"day" | "hour">("day");
  const found = useQuery({ ...query.analytics(campaign.id, interval), placeholderData: (old) => old });
  return (
    <Shown query={found}>
      {(analytics) => (
        <>
          <Section title="How far">
            <Stages campaign={campaign} funnel={analytics.funnel} />
          </Section>
          <Section
            title="Over time"
            actions={
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
            }
          >
            {analytics.series.length === 0 ? (
              <Text size="sm" c="dimmed">
                Nothing was sent {interval === "hour" ? "in the last days" : "yet"}.
              </Text>
            ) : (
              <Columns
                whole="Messages sent"
                part="Answers"
                columns={analytics.series.map(({ at, sent, replied }) => ({
                  key: at,
                  label: interval === "day" ? day(at, analytics.timezone) : moment(at, { zone: analytics.timezone }),
                  whole: sent,
                  part: replied,
                }))}
              />
            )}
          </Section>
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
  const leads = (...state: LeadState[]) => ({
    to: "/campaigns/$campaignId/leads" as const,
    params: { campaignId: campaign.id },
    search: state.length ? { state } : {},
  });
  return (
    <>
      <Funnel
        stages={[
          { label: "Leads", value: funnel.leads, link: leads() },
          { label: "Reachable", value: funnel.reachable },
          {
            label: "Contacted",
            value: funnel.contacted,
            link: leads("inSequence", "finished", "replied", "failed", "canceled"),
          },
          { label: "Followed up", value: funnel.followedUp },
          { label: "Answered", value: funnel.replied, link: leads("replied") },
        ]}
      />
      {funnel.statuses.length > 0 && (
        <Text size="sm" c="dimmed" mt="md">
          Those who answered:{" "}
          {funnel.statuses
            .map(
              (status) =>
                `${count(status.count)} ${status.statusId ? (names[status.statusId] ?? "…") : "without a status"}`,
            )
            .join(", ")}
        </Text>
      )}
    </>
  );
}

type ResultRow = { key: string; text: string; isOption: boolean; sent: number; replied: number; replyRate: number };

function Messages({ campaign, analytics }: { campaign: Campaign; analytics: Analytics }) {
  const columns = useQuery(query.campaignColumns(campaign.id));
  const names = { ...VARIABLES, ...Object.fromEntries((columns.data ?? []).map(({ id, name }) => [id, name])) };
  const texts = new Map(
    drafts(campaign.sequence).map(({ step }) => [
      step.id,
      step.type === "message" ? glance(step.data.segments, names) : "Like",
    ]),
  );
  const rows: ResultRow[] = analytics.steps.flatMap((step) => [
    {
      key: step.id,
      text: texts.get(step.id) ?? `A message of version ${step.version}`,
      isOption: false,
      sent: step.sent,
      replied: step.replied,
      replyRate: step.replyRate,
    },
    ...step.options.map((option) => ({
      key: `${step.id}-${option.segment}-${option.option}`,
      text: option.text ?? "An option of before",
      isOption: true,
      sent: option.sent,
      replied: option.replied,
      replyRate: option.replyRate,
    })),
  ]);
  return (
    <Section
      title="By message"
      note="An answer counts for the message it followed; below a message its variations."
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
            cell: ({ text, isOption }) => (isOption ? <span className="soft">↳ {text}</span> : text),
          },
          { label: "Sent", isNumber: true, cell: ({ sent }) => count(sent) },
          { label: "Answered", isNumber: true, cell: ({ replied }) => count(replied) },
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

function Accounts({ campaign, analytics }: { campaign: Campaign; analytics: Analytics }) {
  const accounts = useQuery(query.accounts());
  const overview = useQuery(query.overview());
  const results = new Map(analytics.accounts.map((result) => [result.accountLinkId, result]));
  const former = analytics.accounts.filter(({ accountLinkId }) => !campaign.accountLinkIds.includes(accountLinkId));
  const names = new Map((accounts.data ?? []).map(({ id, username }) => [id, username]));
  const rows = [...campaign.accountLinkIds, ...former.map(({ accountLinkId }) => accountLinkId)].map((id) => ({
    id,
    username: results.get(id)?.username ?? names.get(id) ?? "…",
    result: results.get(id),
    next: overview.data?.upcoming.find((one) => one.accountLinkId === id && one.campaignId === campaign.id),
  }));
  return (
    <Section title="By account" bare>
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
          { label: "Contacted", isNumber: true, cell: ({ result }) => count(result?.contacted ?? 0) },
          { label: "Followed up", isNumber: true, cell: ({ result }) => count(result?.followedUp ?? 0) },
          { label: "Answered", isNumber: true, cell: ({ result }) => count(result?.replied ?? 0) },
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
