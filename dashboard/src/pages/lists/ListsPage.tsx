import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { inWords } from "../../api/problem.ts";
import * as query from "../../api/queries.ts";
import type { List } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { DownloadCsv } from "../../parts/DownloadCsv.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Empty, PageHead, Section, Shown } from "../../parts/Page.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { count } from "../../words/numbers.ts";

const COLUMNS: TableColumn<List>[] = [
  {
    label: "List",
    isWide: true,
    cell: (list) => (
      <Link to="/lists/$listId" params={{ listId: list.id }} className="plain">
        <strong>{list.name}</strong>
      </Link>
    ),
  },
  { label: "About", isMinor: true, cell: (list) => <span className="soft">{list.description}</span> },
  { label: "People", isNumber: true, cell: (list) => count(list.leadsCount) },
  { label: "Made", isMinor: true, cell: (list) => <Moment at={list.createdAt} /> },
];

/** Lists of people: those of the team, and those that Overture keeps. */
export function ListsPage() {
  const lists = useQuery(query.lists());
  const [isOpen, dialog] = useDisclosure(false);
  return (
    <>
      <PageHead
        title="Lists"
        actions={
          <>
            {lists.data && <DownloadCsv from="/api/v2/lists.csv" />}
            <Button onClick={dialog.open}>New list</Button>
          </>
        }
      />
      <Shown query={lists}>
        {(all) => (
          <>
            <Table
              label="Lists"
              rows={all.filter(({ kind }) => kind === "user")}
              columns={COLUMNS}
              rowKey={({ id }) => id}
              empty={
                <Empty title="No list yet" action={<Button onClick={dialog.open}>Make the first one</Button>}>
                  A list holds people, from a CSV or from the platform. Campaigns take their people from lists, and
                  follow them as they change.
                </Empty>
              }
            />
            <Section title="Kept by Overture" note="Campaigns can leave these people out.">
              <Stack gap={6}>
                {all
                  .filter(({ kind }) => kind !== "user")
                  .map((list) => (
                    <Group key={list.id} justify="space-between" align="flex-start" wrap="nowrap" gap="xs">
                      <span>
                        <Link to="/lists/$listId" params={{ listId: list.id }} className="plain">
                          <strong>{list.name}</strong>
                        </Link>
                        <span className="soft">
                          {list.kind === "contacted"
                            ? " · everybody an account of yours has written to"
                            : " · everybody who has written back as well"}
                        </span>
                      </span>
                      <span className="figures">{count(list.leadsCount)}</span>
                    </Group>
                  ))}
              </Stack>
            </Section>
          </>
        )}
      </Shown>
      <Modal opened={isOpen} onClose={dialog.close} title="New list" lockScroll={false}>
        <NewList />
      </Modal>
    </>
  );
}

function NewList() {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useAction({
    run: () => take(api.POST("/api/v2/lists", { body: { name, description: description || null } })),
    renews: ["lists"],
    isFailureShown: true,
    after: ({ id }) => void navigate({ to: "/lists/$listId", params: { listId: id } }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={255}
          error={create.error ? inWords(create.error) : undefined}
          data-autofocus
          required
        />
        <Textarea
          label="About"
          description="Where these people come from."
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          maxLength={1000}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
            Make the list
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
