import { Button, Checkbox, Group, NumberInput, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { inWords } from "../../api/problem.ts";
import * as query from "../../api/queries.ts";
import { changePassword, session } from "../../api/session.ts";
import type { Team } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { Section, Shown } from "../../parts/Page.tsx";
import { Members } from "./Members.tsx";

/** The team's name and rules, its members, and one's own way in. */
export function TeamPage() {
  const team = useQuery(query.team());
  return (
    <>
      <Shown query={team}>{(found) => <Rules key={found.id} team={found} />}</Shown>
      <Members />
      <Own />
    </>
  );
}

function Rules({ team }: { team: Team }) {
  const [name, setName] = useState(team.name);
  const [currency, setCurrency] = useState(team.currency);
  const [days, setDays] = useState<number | string>(team.recontactAfterDays);
  const [isParallel, setParallel] = useState(team.allowParallelCampaigns);
  const save = useAction({
    run: () =>
      take(
        api.PATCH("/api/v2/team", {
          body: { name, currency, recontactAfterDays: Number(days), allowParallelCampaigns: isParallel },
        }),
      ),
    renews: ["team", "campaigns"],
    done: "Saved.",
  });
  return (
    <Section title="Team">
      <Stack maw={520}>
        <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={255} />
        <TextInput
          label="Currency"
          description="Three letters, as USD or EUR; what people are worth to you is counted in it."
          value={currency}
          onChange={(event) => setCurrency(event.currentTarget.value.toUpperCase())}
          maxLength={3}
        />
        <NumberInput
          label="Days between campaigns"
          description="So long nobody is written to by another campaign after one that they did not answer."
          min={0}
          allowDecimal={false}
          value={days}
          onChange={setDays}
        />
        <Checkbox
          label="Several campaigns may write to the same person at the same time"
          checked={isParallel}
          onChange={(event) => setParallel(event.currentTarget.checked)}
        />
        <Group>
          <Button
            loading={save.isPending}
            disabled={!name.trim() || currency.length !== 3}
            onClick={() => save.mutate()}
          >
            Save
          </Button>
        </Group>
      </Stack>
    </Section>
  );
}

/** What somebody who is signed in may do about that; nothing where a token lets the page in. */
function Own() {
  const found = useQuery({ ...session(), retry: false });
  const [currentPassword, setCurrent] = useState("");
  const [newPassword, setNew] = useState("");
  const change = useAction({
    run: () => changePassword({ currentPassword, newPassword }),
    done: "The password is changed; your other sessions have ended.",
    isFailureShown: true,
    after: () => {
      setCurrent("");
      setNew("");
    },
  });
  if (!found.data?.endsAt) return null;
  return (
    <Section title={`Signed in as ${found.data.member?.name ?? "a member"}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <Stack maw={520}>
          <PasswordInput
            label="Password now"
            autoComplete="current-password"
            value={currentPassword}
            onChange={(event) => setCurrent(event.currentTarget.value)}
          />
          <PasswordInput
            label="New password"
            description="12 to 200 characters."
            autoComplete="new-password"
            value={newPassword}
            onChange={(event) => setNew(event.currentTarget.value)}
            maxLength={200}
          />
          {change.error !== null && (
            <Text role="alert" size="sm" c="var(--mantine-color-error)">
              {inWords(change.error)}
            </Text>
          )}
          <Group>
            <Button type="submit" loading={change.isPending} disabled={!currentPassword || newPassword.length < 12}>
              Change the password
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
