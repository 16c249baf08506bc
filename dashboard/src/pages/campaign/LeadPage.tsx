import { Anchor, Button, Group, Paper, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import * as change from "../../api/changes.ts";
import * as query from "../../api/queries.ts";
import type { CampaignLead, Decision, Preview, TimelineEntry } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { Facts } from "../../parts/Facts.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Failure, Loading, Section, Shown } from "../../parts/Page.tsx";
import { nameOf, Person } from "../../parts/Person.tsx";
import { LeadStateMark } from "../../parts/State.tsx";
import { Timeline } from "../../parts/Timeline.tsx";
import { reason, type Tone } from "../../words/states.ts";
import { told } from "../../words/timeline.ts";
import style from "./Lead.module.css";
import { useVariableNames } from "./names.ts";

const route = getRouteApi("/shell/campaigns/$campaignId/leads/$platformId");

/** One lead: where it stands and why, what it got and gets, and all that happened to it. */
export function LeadPage() {
  const { campaignId, platformId } = route.useParams();
  const found = useQuery(query.campaignLead(campaignId, platformId));
  return (
    <Shown query={found}>
      {(lead) => (
        <>
          <Anchor component={Link} to="/campaigns/$campaignId/leads" params={{ campaignId } as never} size="sm">
            ← All leads
          </Anchor>
          <Group justify="space-between" mt="sm" gap="md">
            <Person profile={lead.profile}>
              <Text fw={600}>{nameOf(lead.profile)}</Text>
            </Person>
            <LeadDeeds campaignId={campaignId} platformId={platformId} lead={lead} />
          </Group>
          <div className={style.columns}>
            <div>
              <Standing lead={lead} campaignId={campaignId} />
              <Messages campaignId={campaignId} platformId={platformId} />
            </div>
            <History campaignId={campaignId} platformId={platformId} />
          </div>
        </>
      )}
    </Shown>
  );
}

function Standing({ lead, campaignId }: { lead: CampaignLead; campaignId: string }) {
  const accounts = useQuery(query.accounts());
  const columns = useQuery(query.campaignColumns(campaignId));
  const variables = useVariableNames(campaignId);
  const account = accounts.data?.find(({ id }) => id === lead.accountLinkId);
  const values = (columns.data ?? []).map(({ id, name }) => ({ label: name, value: lead.data[id] }));
  return (
    <Section title="Where it stands">
      <Facts
        facts={[
          { label: "State", value: <LeadStateMark state={lead.state} /> },
          { label: "Why", value: lead.reason && reason(lead.reason, lead.state, variables) },
          // What a held lead waits for is why it is held.
          { label: "Waits for", value: lead.state === "held" ? null : lead.waitsFor?.message },
          { label: "Next message", value: lead.nextSendAt && <Moment at={lead.nextSendAt} /> },
          { label: "Account", value: account && `@${account.username}` },
          { label: "Contacted", value: lead.contactedAt && <Moment at={lead.contactedAt} /> },
          { label: "Replied", value: lead.repliedAt && <Moment at={lead.repliedAt} /> },
          { label: "Bio", value: lead.profile.bio },
          { label: "Location", value: lead.profile.location },
          ...values.map(({ label, value }) => ({ label, value: value == null ? null : String(value) })),
        ]}
      />
    </Section>
  );
}

const PLACES: Record<Preview["messages"][number]["state"], string> = {
  sent: "Sent",
  underWay: "Being sent",
  passed: "Passed over",
  next: "Next",
  later: "Later",
  never: "Will not be sent",
};

function Messages({ campaignId, platformId }: { campaignId: string; platformId: string }) {
  const found = useQuery(query.preview(campaignId, platformId));
  const variables = useVariableNames(campaignId);
  return (
    <Section title="Messages" bare>
      <Shown query={found}>
        {(preview) => (
          <div className={style.messages}>
            {preview.messages.map((message) => (
              <Paper key={message.stepId} className={style.message} data-state={message.state}>
                <div className={style.messageHead}>
                  <span>{PLACES[message.state]}</span>
                  {message.sentAt && <Moment at={message.sentAt} />}
                  {!message.sentAt && message.couldGoAt && message.state === "next" && (
                    <span>
                      not before <Moment at={message.couldGoAt} />
                    </span>
                  )}
                </div>
                {message.text === null ? (
                  <Text size="sm" c="dimmed">
                    {message.reason
                      ? `Cannot be written: ${reason(message.reason, undefined, variables)}.`
                      : "Not written yet."}
                  </Text>
                ) : (
                  <Text size="sm" className={style.text}>
                    {message.text}
                  </Text>
                )}
              </Paper>
            ))}
            {preview.messages.length === 0 && (
              <Text size="sm" c="dimmed">
                The sequence has no message yet.
              </Text>
            )}
          </div>
        )}
      </Shown>
    </Section>
  );
}

function History({ campaignId, platformId }: { campaignId: string; platformId: string }) {
  const found = useInfiniteQuery(query.timeline(campaignId, platformId));
  const variables = useVariableNames(campaignId);
  const accounts = useQuery(query.accounts());
  const names = Object.fromEntries((accounts.data ?? []).map(({ id, username }) => [id, `@${username}`]));
  const entries = found.data?.pages.flatMap((page) => page.data);
  return (
    <Section title="What happened" bare>
      {entries ? (
        <Paper p="md">
          <Timeline
            entries={entries.map((entry, index) => ({
              key: `${entry.at}-${index}`,
              at: entry.at,
              tone: toneOf(entry),
              title: told(entry, names, variables),
              text: entry.text,
            }))}
          />
          {found.hasNextPage && (
            <Button variant="subtle" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
              Show more
            </Button>
          )}
        </Paper>
      ) : found.error ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Loading />
      )}
    </Section>
  );
}

function toneOf(entry: TimelineEntry): Tone {
  if (entry.type === "replied" || entry.type === "received") return "good";
  if (entry.type === "held") return "care";
  if (entry.type === "failed" || entry.type === "unreachable" || entry.type === "suppressed") return "bad";
  return entry.type === "attempt" ? "running" : "quiet";
}

function LeadDeeds({ campaignId, platformId, lead }: { campaignId: string; platformId: string; lead: CampaignLead }) {
  const body = { platformIds: [platformId] };
  const restore = useAction({
    run: () => change.restoreLeads(campaignId, body),
    renews: ["campaigns"],
    done: "Restored. It goes on where it was.",
  });
  const cancel = useAction({
    run: () => change.cancelLeads(campaignId, body),
    renews: ["campaigns"],
    done: "Stopped. Restore brings it back.",
  });
  const release = useAction({
    run: (decision: Decision) => change.releaseLeads(campaignId, decision, body),
    renews: ["campaigns"],
    done: ({ changed }) => (changed ? "Released." : "It was not held any more."),
  });
  if (lead.state === "held") {
    return (
      <Group gap="xs">
        <Button variant="default" loading={release.isPending} onClick={() => release.mutate("resend")}>
          Send it again
        </Button>
        <Button variant="default" disabled={release.isPending} onClick={() => release.mutate("skip")}>
          Go on with the next step
        </Button>
        <Button variant="default" disabled={release.isPending} onClick={() => release.mutate("stop")}>
          Stop
        </Button>
      </Group>
    );
  }
  if (lead.state === "canceled") {
    return (
      <Button variant="default" loading={restore.isPending} onClick={() => restore.mutate()}>
        Restore
      </Button>
    );
  }
  if (["assessing", "ready", "inSequence"].includes(lead.state)) {
    return (
      <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
        Stop writing to this lead
      </Button>
    );
  }
  return null;
}
