import { Button, CloseButton, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import { useAction } from "../../parts/action.ts";
import { Section, Shown } from "../../parts/Page.tsx";
import style from "./Settings.module.css";

type Label = { id: string; name: string; color: string };

/** The statuses people go through, and the tags they carry. */
export function LabelsPage() {
  const statuses = useQuery(query.statuses());
  const tags = useQuery(query.tags());
  return (
    <div className={style.columns}>
      <Section title="Statuses" note="A person has one at a time; they are the columns of the board.">
        <Shown query={statuses}>
          {(all) => (
            <Labels
              labels={all}
              noun="statuses"
              one="status"
              create={(body) => take(api.POST("/api/v2/statuses", { body }))}
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
      <Section title="Tags" note="A person carries as many as you like.">
        <Shown query={tags}>
          {(all) => (
            <Labels
              labels={all}
              noun="tags"
              one="tag"
              create={(body) => take(api.POST("/api/v2/tags", { body }))}
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

function Labels({
  labels,
  noun,
  one,
  create,
  change,
  remove,
}: {
  labels: Label[];
  noun: string;
  one: string;
  create: (body: { name: string; color?: string }) => Promise<unknown>;
  change: (id: string, body: { name?: string; color?: string }) => Promise<unknown>;
  remove: (id: string) => Promise<unknown>;
}) {
  const [name, setName] = useState("");
  const add = useAction({ run: () => create({ name }), renews: [noun], after: () => setName("") });
  return (
    <Stack gap="sm">
      {labels.map((label) => (
        <Row key={label.id} label={label} noun={noun} one={one} change={change} remove={remove} />
      ))}
      {labels.length === 0 && (
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
  noun,
  one,
  change,
  remove,
}: {
  label: Label;
  noun: string;
  one: string;
  change: (id: string, body: { name?: string; color?: string }) => Promise<unknown>;
  remove: (id: string) => Promise<unknown>;
}) {
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
    <Group wrap="nowrap" gap="xs">
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
        w={110}
      />
      <CloseButton aria-label={`Delete the ${one} ${label.name}`} onClick={() => drop.mutate()} />
    </Group>
  );
}
