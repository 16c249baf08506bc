import { Anchor, Button, Group, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import { useAction } from "../../parts/action.ts";
import { Moment } from "../../parts/Moment.tsx";
import { Empty, Section } from "../../parts/Page.tsx";
import { nameOf, Person } from "../../parts/Person.tsx";
import { Table } from "../../parts/Table.tsx";
import { counted } from "../../words/numbers.ts";
import { usernames } from "../../words/usernames.ts";

const SOURCES = { optOut: "asked for it", byHand: "put here by hand", forgotten: "was forgotten" };
const MOST = 2000;

/** Whom nobody of the team writes to any more. */
export function SuppressionsPage() {
  const [q, setQ] = useState("");
  const [searched] = useDebouncedValue(q, 250);
  const source = useInfiniteQuery(query.suppressions(searched));
  const platforms = useQuery(query.platforms());
  const [text, setText] = useState("");
  const names = usernames(text);
  const add = useAction({
    run: () =>
      take(
        api.POST("/api/v2/suppressions/import", {
          body: {
            platform: platforms.data?.[0]?.platform ?? "twitter",
            suppressions: names.map((username) => ({ username })),
          },
        }),
      ),
    renews: ["suppressions", "campaigns"],
    done: ({ added, skipped, failed }) =>
      `${counted(added, "person", "people")} added${skipped ? `, ${skipped} were there already` : ""}${
        failed.length ? `; ${failed.length} not: ${failed[0]?.message}` : ""
      }.`,
    after: ({ failed }) => setText(failed.map(({ identifier }) => identifier).join(" ")),
  });
  const end = useAction({
    run: (profileId: string) =>
      take(api.DELETE("/api/v2/suppressions/{profile_id}", { params: { path: { profile_id: profileId } } })),
    renews: ["suppressions", "campaigns"],
    done: "They may be written to again.",
  });
  return (
    <>
      <Section
        title="Never write to"
        note="Whoever asks to be left alone comes here by themselves. It wins over everything, at the moment of sending."
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate();
          }}
        >
          <Group align="flex-end">
            <TextInput
              label="Add people"
              description="Usernames or links to profiles, with spaces or commas between."
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              flex={1}
              miw={240}
              error={names.length > MOST ? `At most ${MOST} at once.` : undefined}
            />
            <Button type="submit" loading={add.isPending} disabled={names.length === 0 || names.length > MOST}>
              Never write to {names.length > 1 ? "them" : "this person"}
            </Button>
          </Group>
        </form>
      </Section>
      <Group mt="xl" mb="md" justify="space-between">
        <TextInput
          aria-label="Search the people who are never written to"
          placeholder="Search"
          value={q}
          onChange={(event) => setQ(event.currentTarget.value)}
          w={240}
        />
        <Anchor href="/api/v2/suppressions.csv" size="sm">
          Download CSV
        </Anchor>
      </Group>
      <Table
        label="People who are never written to"
        source={source}
        rowKey={({ profile }) => profile.id}
        columns={[
          { label: "Person", isWide: true, cell: ({ profile }) => <Person profile={profile} /> },
          {
            label: "Why",
            cell: ({ source: from, reason }) => (
              <span>
                {SOURCES[from]}
                {reason && <span className="soft"> · {reason}</span>}
              </span>
            ),
          },
          { label: "By", isMinor: true, cell: ({ by }) => by ?? "–" },
          { label: "Since", cell: ({ createdAt }) => <Moment at={createdAt} /> },
          {
            label: "Undo",
            cell: ({ profile, source: from }) =>
              from === "forgotten" ? (
                "–"
              ) : (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  aria-label={`Undo: let ${nameOf(profile)} be written to again`}
                  onClick={() => end.mutate(profile.id)}
                >
                  Undo
                </Button>
              ),
          },
        ]}
        empty={
          <Empty title={searched ? "Nobody matches" : "Nobody yet"}>
            {searched ? "Search for the beginning of a name." : "Nobody has asked to be left alone."}
          </Empty>
        }
      />
    </>
  );
}
