import { Button, CopyButton, Group, Modal, Paper, Select, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { inWords } from "../../api/problem.ts";
import * as query from "../../api/queries.ts";
import { session } from "../../api/session.ts";
import type { Invitation, Member } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { Moment } from "../../parts/Moment.tsx";
import { Section, Shown } from "../../parts/Page.tsx";
import { Table } from "../../parts/Table.tsx";
import { day } from "../../words/time.ts";
import style from "./Settings.module.css";

const ROLES: Record<Member["role"], string> = {
  owner: "Owner: everything",
  admin: "Admin: everything but owners' choices",
  user: "User: campaigns, lists and people",
};

/** The people of the team, and the way in for more; owners give roles and remove. */
export function Members() {
  const members = useQuery(query.members());
  const who = useQuery({ ...session(), retry: false });
  const isOwner = who.data?.member?.role === "owner";
  const [leaving, setLeaving] = useState<Member | null>(null);
  const [invited, setInvited] = useState<{ name: string; invitation: Invitation } | null>(null);
  const invite = useAction({
    run: (member: Member) =>
      take(api.POST("/api/v2/members/{member_id}/invitation", { params: { path: { member_id: member.id } } })),
    after: (invitation, { name }) => setInvited({ name, invitation }),
  });
  return (
    <Section title="Members" bare>
      <Paper p="md" mb="md">
        <NewMember onMade={(name, invitation) => setInvited({ name, invitation })} />
        {invited && (
          <Group mt="md" gap="sm" role="status">
            <Text size="sm">
              Give {invited.name} this address. It serves once, until <Moment at={invited.invitation.endsAt} />, and is
              not shown again.
            </Text>
            <code className={style.secret}>{invited.invitation.url}</code>
            <CopyButton value={invited.invitation.url}>
              {({ copied, copy }) => (
                <Button size="xs" variant="default" onClick={copy}>
                  {copied ? "Copied" : "Copy"}
                </Button>
              )}
            </CopyButton>
          </Group>
        )}
      </Paper>
      <Shown query={members}>
        {(all) => {
          const owners = all.filter(({ role }) => role === "owner").length;
          const mayChange = (member: Member) => isOwner && (member.role !== "owner" || owners > 1);
          return (
            <Table
              label="Members"
              rows={all}
              rowKey={({ id }) => id}
              columns={[
                { label: "Name", isWide: true, cell: (member) => <strong>{member.name}</strong> },
                { label: "E-mail", cell: (member) => member.email ?? "–" },
                {
                  label: "Role",
                  cell: (member) => (mayChange(member) ? <Role member={member} /> : member.role),
                },
                { label: "Since", isMinor: true, cell: (member) => day(member.createdAt) },
                {
                  label: "Access",
                  isDeed: true,
                  cell: (member) => (
                    <Group gap={4} justify="flex-end">
                      <Button
                        size="compact-xs"
                        variant="subtle"
                        aria-label={`New password for ${member.name}`}
                        onClick={() => invite.mutate(member)}
                      >
                        New password
                      </Button>
                      {mayChange(member) && (
                        <Button
                          size="compact-xs"
                          variant="subtle"
                          color="gray"
                          c="var(--tone-bad)"
                          aria-label={`Remove ${member.name}`}
                          onClick={() => setLeaving(member)}
                        >
                          Remove
                        </Button>
                      )}
                    </Group>
                  ),
                },
              ]}
              empty={null}
            />
          );
        }}
      </Shown>
      <Modal
        opened={leaving !== null}
        onClose={() => setLeaving(null)}
        title={`Remove ${leaving?.name} from the team?`}
        lockScroll={false}
      >
        {leaving && <Removal member={leaving} onDone={() => setLeaving(null)} />}
      </Modal>
    </Section>
  );
}

function Role({ member }: { member: Member }) {
  const change = useAction({
    run: (role: Member["role"]) =>
      take(api.PATCH("/api/v2/members/{member_id}", { params: { path: { member_id: member.id } }, body: { role } })),
    renews: ["members", "session", "tokens"],
    done: ({ name, role }) =>
      role === "owner"
        ? `${name} is an owner now. Tokens made for them before open nothing any more.`
        : `${name} is ${role === "admin" ? "an admin" : "a user"} now.`,
  });
  return (
    <Select
      size="xs"
      w={110}
      aria-label={`Role of ${member.name}`}
      data={Object.keys(ROLES)}
      value={member.role}
      onChange={(role) => role && role !== member.role && change.mutate(role as Member["role"])}
      disabled={change.isPending}
      allowDeselect={false}
    />
  );
}

function Removal({ member, onDone }: { member: Member; onDone: () => void }) {
  const remove = useAction({
    run: () => take(api.DELETE("/api/v2/members/{member_id}", { params: { path: { member_id: member.id } } })),
    renews: ["members", "session", "tokens", "contacts", "threads", "campaigns"],
    done: `${member.name} is no longer in the team.`,
    after: onDone,
  });
  return (
    <Stack>
      <Text size="sm">
        Their sessions and tokens let nobody in any more. People and conversations they look after are nobody's, and
        automations that give people to them are switched off. What they wrote keeps their name. Whoever comes back is
        added as a new member.
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          Keep them
        </Button>
        <Button color="red.9" loading={remove.isPending} onClick={() => remove.mutate()}>
          Remove from the team
        </Button>
      </Group>
    </Stack>
  );
}

function NewMember({ onMade }: { onMade: (name: string, invitation: Invitation) => void }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Member["role"]>("user");
  const add = useAction({
    run: () => take(api.POST("/api/v2/members", { body: { name, email: email || null, role } })),
    renews: ["members"],
    isFailureShown: true,
    after: ({ member, invitation }) => {
      onMade(member.name, invitation);
      setName("");
      setEmail("");
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <Group align="flex-end">
        <TextInput
          label="New member"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          flex={1}
          miw={180}
        />
        <TextInput
          label="E-mail address"
          type="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          flex={1}
          miw={180}
        />
        <Select
          label="Role"
          data={Object.entries(ROLES).map(([value, label]) => ({ value, label }))}
          value={role}
          onChange={(value) => value && setRole(value as Member["role"])}
          allowDeselect={false}
          flex="1 1 320px"
          maw={360}
        />
        <Button type="submit" loading={add.isPending} disabled={!name.trim()}>
          Add
        </Button>
      </Group>
      {add.error !== null && (
        <Text role="alert" size="sm" mt={6} c="var(--mantine-color-error)">
          {inWords(add.error)}
        </Text>
      )}
    </form>
  );
}
