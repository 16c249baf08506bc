import { useInfiniteQuery } from "@tanstack/react-query";
import * as query from "../../api/queries.ts";
import { DownloadCsv } from "../../parts/DownloadCsv.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Empty, Section } from "../../parts/Page.tsx";
import { Table } from "../../parts/Table.tsx";
import { count } from "../../words/numbers.ts";
import { spaced } from "../../words/states.ts";

/** Who did what, and when. */
export function AuditPage() {
  const source = useInfiniteQuery(query.audit());
  return (
    <Section
      title="Audit"
      note="Every change, newest first, with who made it."
      actions={<DownloadCsv from="/api/v2/audit.csv" />}
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
    .filter(([, part]) => part !== null)
    .map(([key, part]) => `${spaced(key)}: ${inWords(key, part)}`)
    .join(", ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function inWords(key: string, part: unknown): string {
  if (Array.isArray(part)) {
    if (part.length === 0) return "none";
    // Ids tell nobody anything; how many there are does.
    if (key.endsWith("Ids")) return count(part.length);
    return part.map((one) => inWords(key, one)).join(", ");
  }
  return typeof part === "object" ? JSON.stringify(part) : String(part);
}
