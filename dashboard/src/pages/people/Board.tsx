import { Button, Paper, Select, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { Status, Thread } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { nameOf } from "../../parts/Person.tsx";
import style from "./Board.module.css";

/** People by status. A card is dragged to another status, or moved by its menu. */
export function Board({ statuses, q }: { statuses: Status[]; q?: string | undefined }) {
  const [dragged, setDragged] = useState<string | null>(null);
  const move = useAction({
    run: ({ contactId, status }: { contactId: string; status: string }) =>
      take(
        api.PATCH("/api/v2/contacts/{contact_id}", { params: { path: { contact_id: contactId } }, body: { status } }),
      ),
    renews: ["threads", "contacts"],
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys.
    <section className={style.board} tabIndex={0} aria-label="People by status">
      {statuses.map((status) => (
        <Lane
          key={status.id}
          status={status}
          statuses={statuses}
          q={q}
          onDrag={setDragged}
          onMove={(contactId, to) => move.mutate({ contactId, status: to })}
          onDrop={() => {
            if (dragged) move.mutate({ contactId: dragged, status: status.id });
            setDragged(null);
          }}
        />
      ))}
    </section>
  );
}

function Lane({
  status,
  statuses,
  q,
  onDrag,
  onDrop,
  onMove,
}: {
  status: Status;
  statuses: Status[];
  q: string | undefined;
  onDrag: (contactId: string | null) => void;
  onDrop: () => void;
  onMove: (contactId: string, status: string) => void;
}) {
  const source = useInfiniteQuery(query.threads({ folder: "all", status: [status.id], ...(q && { q }) }));
  const threads = oncePerPerson(source.data?.pages.flatMap((page) => page.data) ?? []);
  const [isOver, setOver] = useState(false);
  return (
    <section
      className={style.lane}
      aria-label={status.name}
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onDrop();
      }}
    >
      <h2 className={style.name}>
        <svg width="10" height="10" aria-hidden="true">
          <circle cx="5" cy="5" r="5" fill={status.color} />
        </svg>
        {status.name}
      </h2>
      {threads.map((thread) => (
        <Paper
          key={thread.id}
          p="sm"
          draggable
          className={style.card}
          onDragStart={() => onDrag(thread.contactId)}
          onDragEnd={() => onDrag(null)}
        >
          <Link to="/people/$contactId" params={{ contactId: thread.contactId }} className="plain">
            <strong>{thread.profile ? nameOf(thread.profile) : "Unknown"}</strong>
          </Link>
          <Text size="xs" c="dimmed" lineClamp={2}>
            {thread.activity?.preview}
          </Text>
          <Select
            size="xs"
            mt={8}
            variant="unstyled"
            aria-label={`Status of ${thread.profile ? nameOf(thread.profile) : "this person"}`}
            data={statuses.map(({ id, name }) => ({ value: id, label: name }))}
            value={status.id}
            allowDeselect={false}
            onChange={(to) => to && to !== status.id && onMove(thread.contactId, to)}
          />
        </Paper>
      ))}
      {source.data && threads.length === 0 && (
        <Text size="sm" c="dimmed">
          Nobody
        </Text>
      )}
      {source.hasNextPage && (
        <Button
          variant="subtle"
          size="xs"
          loading={source.isFetchingNextPage}
          onClick={() => void source.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </section>
  );
}

/** Somebody who wrote with two accounts has two conversations, and one card. */
function oncePerPerson(threads: Thread[]): Thread[] {
  return [...new Map(threads.toReversed().map((thread) => [thread.contactId, thread])).values()].reverse();
}
