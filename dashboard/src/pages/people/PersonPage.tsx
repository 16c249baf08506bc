import { Anchor, Button, Group, Modal, MultiSelect, NumberInput, Select, Stack, Text, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { components } from "../../api/schema.d.ts";
import type { Contact } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { type ConsentAnswer, ConsentQuestion, consentOf, isAnswered } from "../../parts/ConsentQuestion.tsx";
import { Facts } from "../../parts/Facts.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { PageHead, Section, Shown } from "../../parts/Page.tsx";
import { nameOf } from "../../parts/Person.tsx";
import { useSilence } from "../../parts/silence.ts";
import { Table } from "../../parts/Table.tsx";
import { BASES } from "../../words/consent.ts";
import style from "./Person.module.css";

const route = getRouteApi("/shell/people/$contactId");

/** What the team knows of a person, and what it does about them. */
export function PersonPage() {
  const { contactId } = route.useParams();
  const found = useQuery(query.contact(contactId));
  return <Shown query={found}>{(contact) => <Known key={contact.id} contact={contact} />}</Shown>;
}

function useChange(contact: Contact, done?: string) {
  return useAction({
    run: (body: components["schemas"]["ChangeContact"]) =>
      take(api.PATCH("/api/v2/contacts/{contact_id}", { params: { path: { contact_id: contact.id } }, body })),
    renews: ["contacts", "threads"],
    ...(done && { done }),
  });
}

function Known({ contact }: { contact: Contact }) {
  const profile = contact.profiles[0];
  return (
    <>
      <PageHead
        title={profile ? nameOf(profile) : "A person who was forgotten"}
        back={{ to: "/people", label: "People" }}
        note={profile?.username && `@${profile.username}`}
        actions={<Deeds contact={contact} />}
      />
      <div className={style.columns}>
        <div>
          <Section title="What the team knows">
            <Notes contact={contact} />
          </Section>
          <Section title="Consent">
            <Consent contact={contact} />
          </Section>
        </div>
        <div>
          {profile && (
            <Section title="On the platform">
              <Facts
                facts={[
                  { label: "Name", value: profile.displayName },
                  { label: "Bio", value: profile.bio },
                  { label: "Location", value: profile.location },
                  { label: "Website", value: profile.website },
                  { label: "Followers", value: profile.followerCount },
                  { label: "Looked up", value: profile.lookedUpAt && <Moment at={profile.lookedUpAt} /> },
                ]}
              />
            </Section>
          )}
          <Conversations contact={contact} />
        </div>
      </div>
    </>
  );
}

function Notes({ contact }: { contact: Contact }) {
  const statuses = useQuery(query.statuses());
  const members = useQuery(query.members());
  const tags = useQuery(query.tags());
  const [notes, setNotes] = useState(contact.notes ?? "");
  const [valuation, setValuation] = useState<number | string>(contact.valuation ?? "");
  const change = useChange(contact);
  const tag = useAction({
    run: async (chosen: string[]) => {
      const params = (id: string) => ({ params: { path: { contact_id: contact.id, tag_ref: id } } });
      for (const id of chosen.filter((one) => !contact.tagIds.includes(one)))
        await take(api.PUT("/api/v2/contacts/{contact_id}/tags/{tag_ref}", params(id)));
      for (const id of contact.tagIds.filter((one) => !chosen.includes(one)))
        await take(api.DELETE("/api/v2/contacts/{contact_id}/tags/{tag_ref}", params(id)));
    },
    renews: ["contacts", "threads"],
  });
  const options = (rows: { id: string; name: string }[] | undefined) =>
    (rows ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <Stack>
      <Group grow>
        <Select
          label="Status"
          placeholder="None"
          data={options(statuses.data)}
          value={contact.statusId}
          onChange={(status) => change.mutate({ status })}
          clearable
        />
        <Select
          label="Looked after by"
          placeholder="Nobody"
          data={options(members.data)}
          value={contact.assigneeId}
          onChange={(assigneeId) => change.mutate({ assigneeId })}
          clearable
        />
      </Group>
      <MultiSelect
        label="Tags"
        placeholder={contact.tagIds.length ? undefined : "None"}
        data={options(tags.data)}
        value={contact.tagIds}
        onChange={(chosen) => tag.mutate(chosen)}
        disabled={tag.isPending}
      />
      <NumberInput
        label="Worth to you"
        value={valuation}
        onChange={setValuation}
        onBlur={() => {
          const next = valuation === "" ? null : Number(valuation);
          if (next !== contact.valuation) change.mutate({ valuation: next });
        }}
        min={0}
        hideControls
      />
      <Textarea
        label="Notes"
        value={notes}
        onChange={(event) => setNotes(event.currentTarget.value)}
        onBlur={() => {
          if (notes !== (contact.notes ?? "")) change.mutate({ notes: notes || null });
        }}
        autosize
        minRows={3}
        maxRows={12}
      />
      <Text size="xs" c="dimmed">
        Saved as you leave each field.
      </Text>
    </Stack>
  );
}

function Consent({ contact }: { contact: Contact }) {
  const [answer, setAnswer] = useState<ConsentAnswer>({ basis: null, evidence: "" });
  const change = useChange(contact);
  const { consent } = contact;
  if (consent) {
    return (
      <Stack>
        <Facts
          facts={[
            { label: "Why", value: BASES[consent.basis].label },
            { label: "Shown by", value: consent.evidence },
            { label: "Recorded", value: <Moment at={consent.recordedAt} /> },
            { label: "By", value: consent.recordedBy },
          ]}
        />
        <Group>
          <Button
            variant="default"
            size="xs"
            loading={change.isPending}
            onClick={() => change.mutate({ consent: null })}
          >
            They take it back
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <Stack>
      <ConsentQuestion value={answer} onChange={setAnswer} />
      <Group>
        <Button
          size="xs"
          loading={change.isPending}
          disabled={!isAnswered(answer) || consentOf(answer) === null}
          onClick={() => change.mutate({ consent: consentOf(answer) })}
        >
          Record it
        </Button>
      </Group>
    </Stack>
  );
}

function Conversations({ contact }: { contact: Contact }) {
  const source = useInfiniteQuery(query.threads({ folder: "all", contactId: [contact.id] }));
  return (
    <Section title="Conversations" bare>
      <Table
        label="Conversations"
        source={source}
        rowKey={({ id }) => id}
        columns={[
          {
            label: "With",
            cell: (thread) => (
              <Anchor component={Link} to="/replies/$threadId" params={{ threadId: thread.id } as never} size="sm">
                @{thread.accountLink?.username}
              </Anchor>
            ),
          },
          { label: "Last said", isWide: true, cell: (thread) => thread.activity?.preview },
          { label: "When", cell: (thread) => <Moment at={thread.activity?.at} /> },
        ]}
        empty={
          <Text size="sm" c="dimmed" p="md">
            Nobody of the team has written with this person yet.
          </Text>
        }
      />
    </Section>
  );
}

function Deeds({ contact }: { contact: Contact }) {
  const navigate = useNavigate();
  const [isOpen, dialog] = useDisclosure(false);
  const profile = contact.profiles[0];
  const silence = useSilence(profile, "Chosen on the person's page");
  const forget = useAction({
    run: () => take(api.POST("/api/v2/contacts/{contact_id}/forget", { params: { path: { contact_id: contact.id } } })),
    renews: ["contacts", "threads", "lists", "campaigns"],
    done: "Forgotten. They are never written to again.",
    after: () => void navigate({ to: "/people" }),
  });
  return (
    <>
      {silence.mayEnd ? (
        <Button variant="default" loading={silence.end.isPending} onClick={() => silence.end.mutate()}>
          Let them be written to again
        </Button>
      ) : (
        <Button
          variant="default"
          disabled={!profile || silence.isSilenced}
          loading={silence.begin.isPending}
          onClick={() => silence.begin.mutate()}
        >
          {silence.isSilenced ? "Never written to" : "Never write to them"}
        </Button>
      )}
      <Button variant="default" c="var(--tone-bad)" onClick={dialog.open}>
        Forget
      </Button>
      <Modal opened={isOpen} onClose={dialog.close} title="Forget this person?" lockScroll={false}>
        <Stack>
          <Text size="sm">
            What the platform told of them and what they wrote is erased for good. Overture keeps only what it needs
            never to write to them again, and its counts. This cannot be undone.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={dialog.close}>
              Keep them
            </Button>
            <Button color="red.9" loading={forget.isPending} onClick={() => forget.mutate()}>
              Forget for good
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
