import { Button, Group, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import { useAction } from "../../parts/action.ts";
import { DownloadCsv } from "../../parts/DownloadCsv.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Empty, Section } from "../../parts/Page.tsx";
import { nameOf, Person } from "../../parts/Person.tsx";
import { Table } from "../../parts/Table.tsx";
import { NeverWrite } from "./NeverWrite.tsx";

const SOURCES = { optOut: "asked for it", byHand: "put here by hand", forgotten: "was forgotten" };

/** Whom nobody of the team writes to any more. */
export function SuppressionsPage() {
  const [q, setQ] = useState("");
  const [searched] = useDebouncedValue(q, 250);
  const source = useInfiniteQuery(query.suppressions(searched));
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
        <NeverWrite />
      </Section>
      <Group mt="xl" mb="md" justify="space-between">
        <TextInput
          aria-label="Search the people who are never written to"
          placeholder="Search"
          value={q}
          onChange={(event) => setQ(event.currentTarget.value)}
          w={240}
        />
        <DownloadCsv from="/api/v2/suppressions.csv" />
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
            isDeed: true,
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
