import { Button, Group, NumberInput, Select, Text } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { changeCampaign } from "../../api/changes.ts";
import * as query from "../../api/queries.ts";
import type { Account, Campaign } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { Section, Shown } from "../../parts/Page.tsx";
import { WeekHours } from "../../parts/WeekHours.tsx";
import { counted } from "../../words/numbers.ts";
import { ALWAYS, aWeek, type Hours, WORKDAYS } from "../../words/schedule.ts";
import { clockIn } from "../../words/time.ts";
import { SetupFoot } from "./SetupFoot.tsx";
import { WhatComes } from "./WhatComes.tsx";

const route = getRouteApi("/shell/campaigns/$campaignId/schedule");
const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
const CAREFUL_RATE = 20;

/** When a campaign sends, and how fast. */
export function SchedulePage() {
  const { campaignId } = route.useParams();
  const campaign = useQuery(query.campaign(campaignId));
  const accounts = useQuery(query.accounts());
  return (
    <Shown query={campaign}>
      {(found) => (
        <Shown query={accounts}>{(all) => <Schedule key={found.id} campaign={found} accounts={all} />}</Shown>
      )}
    </Shown>
  );
}

type Edited = { hours: Hours; zone: string; rate: number };

function Schedule({ campaign, accounts }: { campaign: Campaign; accounts: Account[] }) {
  const [edited, setEdited] = useState<Edited | null>(null);
  const saved: Edited = {
    hours: campaign.scheduleHours as Hours,
    zone: campaign.scheduleTimezone,
    rate: campaign.hourlyMessageRate,
  };
  const shown = edited ?? saved;
  const edit = (change: Partial<Edited>) => setEdited({ ...shown, ...change });
  const senders = accounts.filter(({ id }) => campaign.accountLinkIds.includes(id));
  const week = senders.reduce((sum, { dailyLimit }) => sum + aWeek(shown.hours, shown.rate, dailyLimit), 0);
  const zones = ZONES.includes(shown.zone) ? ZONES : [shown.zone, ...ZONES];

  const save = useAction({
    run: () =>
      changeCampaign(campaign.id, {
        scheduleHours: shown.hours,
        scheduleTimezone: shown.zone,
        hourlyMessageRate: shown.rate,
      }),
    renews: ["campaigns"],
    done: campaign.status === "active" ? "Saved. It holds from the next message on." : "Saved.",
    after: () => setEdited(null),
  });

  return (
    <>
      <Section
        title="Sending hours"
        note="Messages leave within these hours alone, by the clock of the zone below."
        actions={
          <>
            <Button variant="default" size="xs" onClick={() => edit({ hours: WORKDAYS })}>
              Workdays, 9 to 17
            </Button>
            <Button variant="default" size="xs" onClick={() => edit({ hours: ALWAYS })}>
              All day, every day
            </Button>
          </>
        }
      >
        <WeekHours hours={shown.hours} onChange={(hours) => edit({ hours })} />
        <Group mt="xl" align="flex-end">
          <Select
            label="Time zone"
            data={zones}
            value={shown.zone}
            onChange={(zone) => zone && edit({ zone })}
            allowDeselect={false}
            searchable
            limit={60}
            w={320}
          />
          <Text size="sm" c="dimmed" pb={8}>
            Now there: <Now zone={shown.zone} />
          </Text>
        </Group>
      </Section>
      <Section title="Pace">
        <NumberInput
          label="Messages an hour, from each account"
          min={1}
          max={25}
          clampBehavior="strict"
          allowDecimal={false}
          value={shown.rate}
          onChange={(rate) => {
            const given = Number(rate);
            if (Number.isInteger(given) && given >= 1) edit({ rate: given });
          }}
          w={320}
        />
        <Text size="sm" mt="sm">
          At most <strong className="figures">{counted(week, "message")}</strong> a week from{" "}
          {counted(senders.length, "account")}, follow-ups included. Time that is lost to a pause is never made up for
          in a hurry.
        </Text>
        <WhatComes
          campaign={campaign}
          changes={
            edited && {
              scheduleHours: edited.hours,
              scheduleTimezone: edited.zone,
              hourlyMessageRate: edited.rate,
            }
          }
        />
        {shown.rate > CAREFUL_RATE && (
          <Text size="sm" mt={4} c="var(--tone-care)">
            More than {CAREFUL_RATE} an hour looks unlike a person and is likelier to be refused.
          </Text>
        )}
      </Section>
      <SetupFoot
        campaign={campaign}
        isChanged={edited !== null}
        isSaving={save.isPending}
        onSave={async () =>
          edited === null ||
          save.mutateAsync().then(
            () => true,
            () => false,
          )
        }
      />
    </>
  );
}

function Now({ zone }: { zone: string }) {
  const [now, setNow] = useState(() => new Date());
  useInterval(() => setNow(new Date()), 10_000, { autoInvoke: true });
  return <span className="figures">{clockIn(zone, now)}</span>;
}
