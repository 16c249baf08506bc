import { Button, Group, MultiSelect, SegmentedControl } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import * as query from "../../api/queries.ts";
import type { Status, Thread } from "../../api/types.ts";
import { DownloadCsv } from "../../parts/DownloadCsv.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Empty, PageHead, Shown } from "../../parts/Page.tsx";
import { nameOf, Person } from "../../parts/Person.tsx";
import { SearchBox } from "../../parts/SearchBox.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { Board } from "./Board.tsx";

const route = getRouteApi("/shell/people");

/** Everybody somebody of the team has a conversation with, as a table or by status. */
export function PeoplePage() {
  const { view, q, status } = route.useSearch();
  const navigate = route.useNavigate();
  const statuses = useQuery(query.statuses());
  return (
    <>
      <PageHead
        title="People"
        note="Everybody an account of yours has written with."
        actions={
          <>
            <DownloadCsv from="/api/v2/threads.csv" query={{ folder: "all", q, status }} />
            <SegmentedControl
              aria-label="View"
              data={[
                { value: "table", label: "Table" },
                { value: "board", label: "Board" },
              ]}
              value={view ?? "table"}
              onChange={(next) =>
                void navigate({ search: (old) => ({ ...old, view: next === "board" ? "board" : undefined }) })
              }
            />
          </>
        }
      />
      <Group mb="md" gap="sm">
        <SearchBox
          label="Search by name, or by words they wrote"
          placeholder="Search names and words"
          value={q}
          change={(words) => void navigate({ search: (old) => ({ ...old, q: words }), replace: true })}
          width={240}
        />
        {view !== "board" && (
          <MultiSelect
            aria-label="Only people in these statuses"
            placeholder={status ? undefined : "Any status"}
            data={(statuses.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            value={status ?? []}
            onChange={(chosen) =>
              void navigate({ search: (old) => ({ ...old, status: chosen.length ? chosen : undefined }) })
            }
            clearable
            miw={180}
          />
        )}
      </Group>
      <Shown query={statuses}>
        {(all) => (view === "board" ? <Board statuses={all} q={q} /> : <People statuses={all} q={q} status={status} />)}
      </Shown>
    </>
  );
}

function People({
  statuses,
  q,
  status,
}: {
  statuses: Status[];
  q?: string | undefined;
  status?: string[] | undefined;
}) {
  const filter: query.ThreadFilter = { folder: "all", ...(q && { q }), ...(status && { status }) };
  const source = useInfiniteQuery(query.threads(filter));
  const names = Object.fromEntries(statuses.map(({ id, name }) => [id, name]));
  const columns: TableColumn<Thread>[] = [
    {
      label: "Person",
      isWide: true,
      cell: (thread) =>
        thread.profile && (
          <Person profile={thread.profile}>
            <Link to="/people/$contactId" params={{ contactId: thread.contactId }} className="plain">
              {nameOf(thread.profile)}
            </Link>
          </Person>
        ),
    },
    { label: "Status", cell: (thread) => (thread.contact?.statusId ? names[thread.contact.statusId] : "–") },
    { label: "Looked after by", isMinor: true, cell: (thread) => thread.assignee?.name ?? "–" },
    {
      label: "Last said",
      isMinor: true,
      cell: (thread) => (
        <span className="soft">
          {thread.activity?.direction === "outbound" && "You: "}
          {thread.activity?.preview}
        </span>
      ),
    },
    { label: "When", cell: (thread) => <Moment at={thread.activity?.at} /> },
    {
      label: "Conversation",
      cell: (thread) => (
        <Link to="/replies/$threadId" params={{ threadId: thread.id }} search={{ folder: "all" }}>
          Open
        </Link>
      ),
    },
  ];
  return (
    <Table
      label="People"
      source={source}
      columns={columns}
      rowKey={({ id }) => id}
      empty={
        q || status ? (
          <Empty title="Nobody matches">Search for the beginning of a name, or for a word they wrote.</Empty>
        ) : (
          <Empty
            title="Nobody yet"
            action={
              <Button variant="default" component={Link} to="/campaigns">
                Go to campaigns
              </Button>
            }
          >
            People appear here once an account has written to them, or they to an account.
          </Empty>
        )
      }
    />
  );
}
