import { Button, Checkbox, Group, Menu } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import * as change from "../../api/changes.ts";
import * as query from "../../api/queries.ts";
import type { CampaignLead } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { DownloadCsv } from "../../parts/DownloadCsv.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Empty } from "../../parts/Page.tsx";
import { nameOf, Person } from "../../parts/Person.tsx";
import { LeadStateMark } from "../../parts/State.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { counted } from "../../words/numbers.ts";
import { reason } from "../../words/states.ts";
import { LeadFilters } from "./LeadFilters.tsx";
import { useVariableNames } from "./names.ts";

const route = getRouteApi("/shell/campaigns/$campaignId/leads");

type Deed = "cancel" | "restore" | "resend" | "skip" | "stop";

const DONE: Record<Deed, string> = {
  cancel: "stopped",
  restore: "restored",
  resend: "released, to be sent again",
  skip: "released with the next step",
  stop: "stopped",
};

/** Everybody of a campaign: where each stands, why, and what each waits for. */
export function LeadsPage() {
  const { campaignId } = route.useParams();
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const accounts = useQuery(query.accounts());
  const source = useInfiniteQuery(query.campaignLeads(campaignId, filter));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const names = Object.fromEntries((accounts.data ?? []).map(({ id, username }) => [id, `@${username}`]));
  const variables = useVariableNames(campaignId);
  const isFiltered = Object.keys(filter).length > 0;

  const choose = (id: string) =>
    setChosen((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });

  const columns: TableColumn<CampaignLead>[] = [
    {
      label: "Lead",
      isWide: true,
      cell: (lead) => (
        <Group gap="sm" wrap="nowrap">
          <Checkbox
            size="xs"
            aria-label={`Choose ${nameOf(lead.profile)}`}
            checked={chosen.has(lead.profile.platformId ?? lead.profile.id)}
            disabled={!lead.profile.platformId}
            onChange={() => choose(lead.profile.platformId ?? lead.profile.id)}
          />
          <Person profile={lead.profile}>
            {lead.profile.platformId ? (
              <Link
                to="/campaigns/$campaignId/leads/$platformId"
                params={{ campaignId, platformId: lead.profile.platformId }}
                className="plain"
              >
                {nameOf(lead.profile)}
              </Link>
            ) : (
              nameOf(lead.profile)
            )}
          </Person>
        </Group>
      ),
    },
    { label: "State", cell: (lead) => <LeadStateMark state={lead.state} /> },
    { label: "Account", cell: (lead) => (lead.accountLinkId ? (names[lead.accountLinkId] ?? "–") : "–") },
    { label: "Next step", isMinor: true, cell: (lead) => stepOf(lead) },
    { label: "Contacted", isMinor: true, cell: (lead) => <Moment at={lead.contactedAt} /> },
    { label: "Why", cell: (lead) => <Why lead={lead} variables={variables} /> },
  ];

  return (
    <>
      <LeadFilters
        campaignId={campaignId}
        filter={filter}
        change={(part, how) => void navigate({ search: (old) => ({ ...old, ...part }), ...how })}
      >
        <Deeds
          campaignId={campaignId}
          filter={filter}
          chosen={[...chosen]}
          forget={() => setChosen(new Set())}
          isFiltered={isFiltered}
        />
        <DownloadCsv from={`/api/v2/campaigns/${campaignId}/leads.csv`} query={filter} />
      </LeadFilters>
      <Table
        label="Leads of this campaign"
        source={source}
        columns={columns}
        rowKey={(lead) => lead.profile.id}
        empty={
          isFiltered ? (
            <Empty title="No lead matches">Take a filter away, or search for the beginning of a name.</Empty>
          ) : (
            <Empty
              title="Nobody is in this campaign yet"
              action={
                <Button
                  variant="default"
                  component={Link}
                  to="/campaigns/$campaignId/audience"
                  params={{ campaignId } as never}
                >
                  Choose lists
                </Button>
              }
            >
              People come in from the lists you choose, and follow them as the lists change.
            </Empty>
          )
        }
      />
    </>
  );
}

function Why({ lead, variables }: { lead: CampaignLead; variables: Record<string, string> }) {
  if (lead.reason) return <span>{reason(lead.reason, lead.state, variables)}</span>;
  if (lead.nextSendAt) {
    return (
      <span>
        next message <Moment at={lead.nextSendAt} />
      </span>
    );
  }
  return lead.waitsFor && <Waits message={lead.waitsFor.message} />;
}

/** The first sentence says it; the whole shows on hover, and on the lead's page. */
function Waits({ message }: { message: string }) {
  return (
    <span className="soft" title={message}>
      {message.split(/(?<=\.)\s/)[0]}
    </span>
  );
}

function Deeds({
  campaignId,
  filter,
  chosen,
  forget,
  isFiltered,
}: {
  campaignId: string;
  filter: query.LeadFilter;
  chosen: string[];
  forget: () => void;
  isFiltered: boolean;
}) {
  const act = useAction({
    run: (deed: Deed) => {
      const body = chosen.length ? { platformIds: chosen } : { filter };
      if (deed === "cancel") return change.cancelLeads(campaignId, body);
      if (deed === "restore") return change.restoreLeads(campaignId, body);
      return change.releaseLeads(campaignId, deed, body);
    },
    renews: ["campaigns"],
    done: ({ changed }, deed) => (changed ? `${counted(changed, "lead")} ${DONE[deed]}.` : "No lead had to change."),
    after: forget,
  });
  const whom = chosen.length ? `the ${counted(chosen.length, "chosen lead")}` : "all leads that match";
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="default" loading={act.isPending} disabled={!chosen.length && !isFiltered}>
          {chosen.length ? `Act on ${chosen.length}` : "Act on all that match"}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>With {whom}</Menu.Label>
        <Menu.Item onClick={() => act.mutate("cancel")}>Stop: nothing more is sent to them</Menu.Item>
        <Menu.Item onClick={() => act.mutate("restore")}>Restore those that were stopped</Menu.Item>
        <Menu.Label>With those of them that are held</Menu.Label>
        <Menu.Item onClick={() => act.mutate("resend")}>Send the message again</Menu.Item>
        <Menu.Item onClick={() => act.mutate("skip")}>Go on with the next step</Menu.Item>
        <Menu.Item onClick={() => act.mutate("stop")}>Stop</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Which step comes next, counted as the sequence shows them. */
function stepOf({ step }: CampaignLead): string {
  return step ? `${step.rank + 1} · ${STEPS[step.type]}` : "–";
}

const STEPS = { message: "Message", delay: "Wait", like: "Like" } as const;
