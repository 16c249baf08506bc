import { Anchor } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import * as query from "../../api/queries.ts";
import { Moment } from "../../parts/Moment.tsx";
import { Empty, Section } from "../../parts/Page.tsx";
import { Table } from "../../parts/Table.tsx";
import { spaced } from "../../words/states.ts";

/** Who did what, and when. */
export function AuditPage() {
  const source = useInfiniteQuery(query.audit());
  return (
    <Section
      title="Audit"
      note="Every change, newest first, with who made it."
      actions={
        <Anchor href="/api/v2/audit.csv" size="sm">
          Download CSV
        </Anchor>
      }
      bare
    >
      <Table
        label="Audit"
        source={source}
        rowKey={({ id }) => id}
        columns={[
          { label: "When", cell: ({ at }) => <Moment at={at} /> },
          { label: "Who", cell: ({ actor }) => actor.name },
          {
            label: "What",
            cell: ({ action }) => {
              const [object = "", deed = ""] = action.split(".");
              return `${spaced(object)}: ${spaced(deed)}`;
            },
          },
          {
            label: "Now",
            isWide: true,
            isMinor: true,
            cell: ({ after, before }) => <span className="soft">{shortly(after ?? before)}</span>,
          },
        ]}
        empty={<Empty title="Nothing yet">What anybody changes is written down here.</Empty>}
      />
    </Section>
  );
}

const LONGEST = 120;

function shortly(value: Record<string, unknown> | null): string {
  if (!value) return "";
  const text = Object.entries(value)
    .map(([key, part]) => `${spaced(key)}: ${typeof part === "object" ? JSON.stringify(part) : String(part)}`)
    .join(", ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
