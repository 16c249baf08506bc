import { Button, Progress, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import * as query from "../../api/queries.ts";
import type { Campaign } from "../../api/types.ts";
import { type Figure, Figures } from "../../parts/Figures.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Section, Shown } from "../../parts/Page.tsx";
import { count, counted, percent } from "../../words/numbers.ts";
import style from "./Overview.module.css";
import { Results } from "./Results.tsx";

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
          <Results campaign={campaign} />
        </>
      )}
    </Shown>
  );
}

function figuresOf(campaign: Campaign): Figure[] {
  const params = { campaignId: campaign.id };
  const leads = (search: query.LeadFilter) => ({ to: "/campaigns/$campaignId/leads" as const, params, search });
  const figures: Figure[] = [
    { label: "Leads in scope", value: campaign.targetsCount, link: leads({ stage: "inScope" }) },
    {
      label: "Contacted",
      value: campaign.contactedCount,
      note: campaign.targetsCount ? `${percent(campaign.contactedCount / campaign.targetsCount)} of the leads` : null,
      link: leads({ stage: "contacted" }),
    },
    {
      label: "Replies",
      value: campaign.repliesCount,
      note: campaign.contactedCount ? `${percent(campaign.replyRate)} of the contacted` : null,
      link: leads({ stage: "replied" }),
    },
    {
      label: "Held",
      value: campaign.heldCount,
      isCare: true,
      note: "need a decision",
      link: leads({ state: ["held"] }),
    },
  ];
  if (campaign.consentMissingCount > 0) {
    figures.push({
      label: "Without consent",
      value: campaign.consentMissingCount,
      note: "left out until it is recorded",
      link: leads({ state: ["excluded"], reason: ["consentMissing"] }),
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
    <Section title="Now">
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
