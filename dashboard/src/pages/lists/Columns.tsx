import { Button, CloseButton, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { Column } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { Shown } from "../../parts/Page.tsx";

const TYPES: Record<Column["type"], string> = {
  text: "Text",
  number: "Number",
  date: "Date",
  boolean: "Yes or no",
  url: "Link",
};

/** The columns of a list: made, renamed, deleted. */
export function Columns({ listId }: { listId: string }) {
  const found = useQuery(query.listColumns(listId));
  const [name, setName] = useState("");
  const [type, setType] = useState<Column["type"]>("text");
  const path = { list_id: listId };
  const add = useAction({
    run: () => take(api.POST("/api/v2/lists/{list_id}/columns", { params: { path }, body: { name, type } })),
    renews: ["lists"],
    after: () => setName(""),
  });
  const remove = useAction({
    run: (id: string) =>
      take(api.DELETE("/api/v2/lists/{list_id}/columns/{column_id}", { params: { path: { ...path, column_id: id } } })),
    renews: ["lists"],
    done: "The column is deleted, with its values.",
  });
  return (
    <Stack>
      <Shown query={found}>
        {(columns) => (
          <Stack gap={6}>
            {columns.map((column) => (
              <Group key={column.id} justify="space-between" wrap="nowrap">
                <Text size="sm">
                  {column.name} <span className="soft">· {TYPES[column.type]}</span>
                </Text>
                <CloseButton
                  size="sm"
                  aria-label={`Delete the column ${column.name}`}
                  onClick={() => remove.mutate(column.id)}
                />
              </Group>
            ))}
            {columns.length === 0 && (
              <Text size="sm" c="dimmed">
                None yet. An import makes columns for what it finds.
              </Text>
            )}
          </Stack>
        )}
      </Shown>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <Group align="flex-end" wrap="nowrap">
          <TextInput
            label="New column"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={255}
            flex={1}
          />
          <Select
            label="Type"
            data={Object.entries(TYPES).map(([value, label]) => ({ value, label }))}
            value={type}
            onChange={(value) => value && setType(value as Column["type"])}
            allowDeselect={false}
            w={120}
          />
          <Button type="submit" loading={add.isPending} disabled={!name.trim()}>
            Add
          </Button>
        </Group>
      </form>
    </Stack>
  );
}
