import { Button, Progress, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import * as query from "../../api/queries.ts";
import type { Campaign, LeadState } from "../../api/types.ts";
import { type Figure, Figures } from "../../parts/Figures.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Section, Shown } from "../../parts/Page.tsx";
import { Table } from "../../parts/Table.tsx";
import { glance, VARIABLES } from "../../words/message.ts";
import { count, counted, percent } from "../../words/numbers.ts";
import { drafts, offsets } from "../../words/steps.ts";
import { wait } from "../../words/time.ts";
import style from "./Overview.module.css";

const route = getRouteApi("/shell/campaigns/$campaignId/");

/** How a campaign goes: its funnel, what it waits for, what it sends and from where. */
export function OverviewPage() {
  const { campaignId } = route.useParams();
  const found = useQuery(query.campaign(campaignId));
  return (
    <Shown query={found}>
      {(campaign) => (
        <>
          <Figures figures={figuresOf(campaign)} />
          <Now campaign={campaign} />
          <Held campaign={campaign} />
          <Steps campaign={campaign} />
          <Accounts campaign={campaign} />
        </>
      )}
    </Shown>
  );
}

function figuresOf(campaign: Campaign): Figure[] {
  const params = { campaignId: campaign.id };
  const leads = (...state: LeadState[]) => ({
    to: "/campaigns/$campaignId/leads" as const,
    params,
    search: state.length ? { state } : {},
  });
  const figures: Figure[] = [
    { label: "Leads in scope", value: campaign.targetsCount, link: leads() },
    {
      label: "Contacted",
      value: campaign.contactedCount,
      note: campaign.targetsCount ? `${percent(campaign.contactedCount / campaign.targetsCount)} of the leads` : null,
      link: leads("inSequence", "finished", "replied", "failed", "canceled"),
    },
    {
      label: "Replies",
      value: campaign.repliesCount,
      note: campaign.contactedCount ? `${percent(campaign.replyRate)} of the contacted` : null,
      link: leads("replied"),
    },
    { label: "Held", value: campaign.heldCount, isCare: true, note: "need a decision", link: leads("held") },
  ];
  if (campaign.consentMissingCount > 0) {
    figures.push({
      label: "Without consent",
      value: campaign.consentMissingCount,
      note: "left out until it is recorded",
      link: leads("excluded"),
    });
  }
  return figures;
}

function Now({ campaign }: { campaign: Campaign }) {
  const isAssessing = campaign.scopeAssessedCount < campaign.targetsCount;
  const steps = [
    campaign.isSyncing && "Leads are being brought in from the lists.",
    isAssessing &&
      `${count(campaign.scopeAssessedCount)} of ${count(campaign.targetsCount)} leads are assessed: whether one of the accounts can write to them.`,
    campaign.isBuildingPlan && "Leads are being given to accounts.",
  ].filter((step) => typeof step === "string");
  return (
    <Section title="Now" bare={false}>
      <div className={style.now}>
        <div>
          <Progress value={campaign.completionRate * 100} aria-label="Leads that are done" mb={6} />
          <Text size="sm">
            <strong className="figures">{percent(campaign.completionRate)}</strong> done
            {campaign.completedAt && (
              <>
                , completed <Moment at={campaign.completedAt} />
              </>
            )}
          </Text>
        </div>
        {campaign.waitsFor && (
          <Text size="sm">
            <span className="soft">Waits for: </span>
            {campaign.waitsFor.message}
          </Text>
        )}
        {steps.map((step) => (
          <Text key={step} size="sm" role="status">
            {step}
          </Text>
        ))}
        {campaign.contactPolicy === "anyoneReachable" && (
          <Text size="sm" c="dimmed">
            Contact policy: anyone reachable. An owner chose it; it reaches people who have not agreed to be written to.
          </Text>
        )}
      </div>
    </Section>
  );
}

function Held({ campaign }: { campaign: Campaign }) {
  if (!campaign.heldCount) return null;
  return (
    <Section title="Held leads">
      <div className={style.held}>
        <Text size="sm">
          {counted(campaign.heldCount, "lead")} cannot go on without a person or a value. Each says why, and what you
          can decide.
        </Text>
        <Button
          variant="default"
          component={Link}
          to="/campaigns/$campaignId/leads"
          params={{ campaignId: campaign.id } as never}
          search={{ state: ["held"] } as never}
        >
          Look at them
        </Button>
      </div>
    </Section>
  );
}

function Steps({ campaign }: { campaign: Campaign }) {
  const columns = useQuery(query.campaignColumns(campaign.id));
  const names = { ...VARIABLES, ...Object.fromEntries((columns.data ?? []).map(({ id, name }) => [id, name])) };
  const steps = drafts(campaign.sequence);
  const when = offsets(steps);
  const rows = steps.map((draft, rank) => ({ ...draft, rank })).filter(({ step }) => step.type !== "delay");
  return (
    <Section title="Sequence" note="Counted from the first message; hours and pace come on top.">
      <Table
        label="Sequence"
        rows={rows}
        rowKey={(row) => row.key}
        columns={[
          {
            label: "Step",
            isWide: true,
            cell: ({ step }) =>
              step.type === "message" ? glance(step.data.segments, names) : <span className="soft">Like</span>,
          },
          { label: "When", cell: ({ rank }) => when[rank] },
        ]}
        empty={<Text p="md">No steps yet.</Text>}
      />
    </Section>
  );
}

function Accounts({ campaign }: { campaign: Campaign }) {
  const accounts = useQuery(query.accounts());
  const rows = (accounts.data ?? []).filter((account) => campaign.accountLinkIds.includes(account.id));
  return (
    <Section title="Next on each account">
      <Table
        label="Accounts of this campaign"
        rows={accounts.data && rows}
        rowKey={(account) => account.id}
        columns={[
          {
            label: "Account",
            cell: (account) => (
              <Link
                to="/campaigns/$campaignId/leads"
                params={{ campaignId: campaign.id }}
                search={{ accountLinkId: [account.id] }}
                className="plain"
              >
                @{account.username}
              </Link>
            ),
          },
          {
            label: "Next message",
            isWide: true,
            cell: (account) => <Next campaign={campaign} accountId={account.id} />,
          },
        ]}
        empty={<Text p="md">No accounts.</Text>}
      />
    </Section>
  );
}

/** What an account sends next for this campaign, as far as its first leads tell. */
function Next({ campaign, accountId }: { campaign: Campaign; accountId: string }) {
  const leads = useInfiniteQuery(
    query.campaignLeads(campaign.id, { state: ["ready", "inSequence"], accountLinkId: [accountId] }),
  );
  const known = leads.data?.pages.flatMap((page) => page.data);
  if (!known) return <span className="soft">…</span>;
  const next = known.find((lead) => lead.nextSendAt);
  if (next?.nextSendAt) {
    return (
      <span>
        <Moment at={next.nextSendAt} /> to {next.profile.displayName ?? `@${next.profile.username}`}
      </span>
    );
  }
  if (known.length === 0) return <span className="soft">nothing more to send</span>;
  return <span className="soft">{known[0]?.waitsFor?.message ?? wait(0, "minutes")}</span>;
}
