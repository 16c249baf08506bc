import { Button, CloseButton, Group, Select, Stack, Text, TextInput, VisuallyHidden } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import { useAction } from "../../parts/action.ts";
import { Arrows, useMoving } from "../../parts/Moving.tsx";
import { Section, Shown } from "../../parts/Page.tsx";
import { moved } from "../../words/steps.ts";
import style from "./Settings.module.css";

type Label = { id: string; name: string; color: string };

/** The statuses people go through, and the tags they carry. */
export function LabelsPage() {
  const statuses = useQuery(query.statuses());
  const tags = useQuery(query.tags());
  return (
    <div className={style.columns}>
      <Section title="Statuses" note="A person has one at a time; they are the columns of the board, in this order.">
        <Shown query={statuses}>
          {(all) => (
            <Labels
              labels={all}
              noun="statuses"
              one="status"
              create={(body) => take(api.POST("/api/v2/statuses", { body }))}
              order={(ids) => take(api.PUT("/api/v2/statuses/order", { body: { ids } }))}
              change={(id, body) =>
                take(api.PATCH("/api/v2/statuses/{status_ref}", { params: { path: { status_ref: id } }, body }))
              }
              remove={(id) =>
                take(api.DELETE("/api/v2/statuses/{status_ref}", { params: { path: { status_ref: id } } }))
              }
            />
          )}
        </Shown>
      </Section>
      <Section title="Tags" note="A person carries as many as you like; choices list them in this order.">
        <Shown query={tags}>
          {(all) => (
            <Labels
              labels={all}
              noun="tags"
              one="tag"
              create={(body) => take(api.POST("/api/v2/tags", { body }))}
              order={(ids) => take(api.PUT("/api/v2/tags/order", { body: { ids } }))}
              change={(id, body) =>
                take(api.PATCH("/api/v2/tags/{tag_ref}", { params: { path: { tag_ref: id } }, body }))
              }
              remove={(id) => take(api.DELETE("/api/v2/tags/{tag_ref}", { params: { path: { tag_ref: id } } }))}
            />
          )}
        </Shown>
      </Section>
    </div>
  );
}

type Deeds = {
  noun: "statuses" | "tags";
  one: string;
  change: (id: string, body: { name?: string; color?: string }) => Promise<unknown>;
  remove: (id: string) => Promise<unknown>;
};

/** What is shown while the server has not said yet in which order they are; then it is the server's. */
function useOrder(labels: Label[], noun: string, order: (ids: string[]) => Promise<Label[]>) {
  const queries = useQueryClient();
  const [wanted, want] = useState<Label[] | null>(null);
  const save = useAction({
    run: (next: Label[]) =>
      order(next.map(({ id }) => id)).catch((error) => {
        want(null);
        void queries.invalidateQueries({ queryKey: [noun] });
        throw error;
      }),
    inTurn: noun,
    after: (told, asked) => {
      queries.setQueryData([noun], told);
      want((now) => (now === asked ? null : now));
    },
  });
  return { shown: wanted ?? labels, want, save: (next: Label[]) => save.mutate(next) };
}

function Labels({
  labels,
  create,
  order,
  ...deeds
}: Deeds & {
  labels: Label[];
  create: (body: { name: string; color?: string }) => Promise<unknown>;
  order: (ids: string[]) => Promise<Label[]>;
}) {
  const { noun, one } = deeds;
  const [name, setName] = useState("");
  const [dragged, setDragged] = useState<number | null>(null);
  const [said, say] = useState("");
  const { shown, want, save } = useOrder(labels, noun, order);
  const add = useAction({ run: () => create({ name }), renews: [noun], after: () => setName("") });
  return (
    <Stack gap="sm">
      <ol className={style.labels}>
        {shown.map((label, index) => (
          <Row
            key={label.id}
            label={label}
            index={index}
            last={shown.length - 1}
            isDragged={dragged === index}
            onDrag={(at) => {
              setDragged(at);
              if (at === null && shown !== labels) save(shown);
            }}
            onDragOver={() => {
              if (dragged === null || dragged === index) return;
              want(moved(shown, dragged, index));
              setDragged(index);
            }}
            onMove={(to) => {
              const next = moved(shown, index, to);
              want(next);
              save(next);
              say(`${label.name} is ${to + 1} of ${next.length} now.`);
            }}
            {...deeds}
          />
        ))}
      </ol>
      <VisuallyHidden role="status">{said}</VisuallyHidden>
      {shown.length === 0 && (
        <Text size="sm" c="dimmed">
          None yet.
        </Text>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <Group wrap="nowrap" align="flex-end">
          <TextInput
            label={`New ${one}`}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={100}
            flex={1}
          />
          <Button type="submit" loading={add.isPending} disabled={!name.trim()}>
            Add
          </Button>
        </Group>
      </form>
    </Stack>
  );
}

function Row({
  label,
  index,
  last,
  isDragged,
  onDrag,
  onDragOver,
  onMove,
  noun,
  one,
  change,
  remove,
}: Deeds & {
  label: Label;
  index: number;
  last: number;
  isDragged: boolean;
  onDrag: (index: number | null) => void;
  onDragOver: () => void;
  onMove: (to: number) => void;
}) {
  const { row, handle } = useMoving({ index, onDrag, onDragOver });
  const colors = useQuery(query.colors());
  const [name, setName] = useState(label.name);
  const save = useAction({
    run: (body: { name?: string; color?: string }) => change(label.id, body),
    renews: [noun, "threads", "contacts"],
  });
  const drop = useAction({
    run: () => remove(label.id),
    renews: [noun, "threads", "contacts"],
    done: `The ${one} “${label.name}” is deleted.`,
  });
  return (
    <li className={style.label} data-dragged={isDragged || undefined} {...row}>
      {handle}
      <svg width="12" height="12" aria-hidden="true">
        <circle cx="6" cy="6" r="6" fill={label.color} />
      </svg>
      <TextInput
        aria-label={`Name of the ${one} ${label.name}`}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        onBlur={() => {
          if (name.trim() && name !== label.name) save.mutate({ name });
          else setName(label.name);
        }}
        maxLength={100}
        flex={1}
      />
      <Select
        aria-label={`Color of the ${one} ${label.name}`}
        data={(colors.data ?? []).map((color) => ({ value: color.hex, label: color.name }))}
        value={label.color}
        allowDeselect={false}
        onChange={(color) => color && color !== label.color && save.mutate({ color })}
        className={style.color}
      />
      <span className={style.arrows}>
        <Arrows name={`the ${one} ${label.name}`} index={index} last={last} onMove={onMove} />
      </span>
      <CloseButton size="sm" aria-label={`Delete the ${one} ${label.name}`} onClick={() => drop.mutate()} />
    </li>
  );
}
