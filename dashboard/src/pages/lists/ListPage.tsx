import { Button, CloseButton, Group, Menu, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { Column, List, ListLead } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { Cell } from "../../parts/Cell.tsx";
import { MoreIcon } from "../../parts/icons.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Empty, PageHead, Shown } from "../../parts/Page.tsx";
import { Person } from "../../parts/Person.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { counted } from "../../words/numbers.ts";
import { AddAudience } from "./AddAudience.tsx";
import { AddPeople } from "./AddPeople.tsx";
import { Columns } from "./Columns.tsx";
import { Imports } from "./Imports.tsx";

const route = getRouteApi("/shell/lists/$listId");

/** A list: its people with their values, its columns, and what was imported into it. */
export function ListPage() {
  const { listId } = route.useParams();
  const list = useQuery(query.list(listId));
  const columns = useQuery(query.listColumns(listId));
  return (
    <Shown query={list}>
      {(found) => (
        <>
          <Head list={found} />
          {found.kind === "user" && <Imports listId={listId} />}
          <Shown query={columns}>{(all) => <People list={found} columns={all} />}</Shown>
        </>
      )}
    </Shown>
  );
}

function Head({ list }: { list: List }) {
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<"edit" | "columns" | "add" | "audience" | null>(null);
  const remove = useAction({
    run: () => take(api.DELETE("/api/v2/lists/{list_id}", { params: { path: { list_id: list.id } } })),
    renews: ["lists"],
    done: "The list is deleted.",
    after: () => void navigate({ to: "/lists" }),
  });
  const close = () => setDialog(null);
  return (
    <>
      <PageHead
        title={list.name}
        back={{ to: "/lists", label: "Lists" }}
        note={
          <>
            {counted(list.leadsCount, "person", "people")}
            {list.description && ` · ${list.description}`}
          </>
        }
        actions={
          <>
            {list.kind === "user" && (
              <Button component={Link} to="/lists/$listId/import" params={{ listId: list.id } as never}>
                Import a CSV
              </Button>
            )}
            <Menu position="bottom-end">
              <Menu.Target>
                <Button variant="default" aria-label="More about this list">
                  <MoreIcon />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {list.kind === "user" && (
                  <>
                    <Menu.Item onClick={() => setDialog("add")}>Add people by username</Menu.Item>
                    <Menu.Item onClick={() => setDialog("audience")}>Add followers or likers</Menu.Item>
                    <Menu.Item onClick={() => setDialog("columns")}>Columns</Menu.Item>
                    <Menu.Item onClick={() => setDialog("edit")}>Name and description</Menu.Item>
                  </>
                )}
                <Menu.Item component="a" href={`/api/v2/lists/${list.id}/leads.csv`}>
                  Download CSV
                </Menu.Item>
                {list.kind === "user" && (
                  <>
                    <Menu.Divider />
                    <Menu.Item c="var(--tone-bad)" onClick={() => remove.mutate()}>
                      Delete the list
                    </Menu.Item>
                  </>
                )}
              </Menu.Dropdown>
            </Menu>
          </>
        }
      />
      <Modal opened={dialog === "edit"} onClose={close} title="Name and description" lockScroll={false}>
        <Edit list={list} onDone={close} />
      </Modal>
      <Modal opened={dialog === "columns"} onClose={close} title="Columns" lockScroll={false}>
        <Columns listId={list.id} />
      </Modal>
      <Modal opened={dialog === "audience"} onClose={close} title="Add followers or likers" lockScroll={false}>
        <AddAudience listId={list.id} onDone={close} />
      </Modal>
      <Modal opened={dialog === "add"} onClose={close} title="Add people by username" lockScroll={false}>
        <AddPeople listId={list.id} onDone={close} />
      </Modal>
    </>
  );
}

function Edit({ list, onDone }: { list: List; onDone: () => void }) {
  const [name, setName] = useState(list.name);
  const [description, setDescription] = useState(list.description ?? "");
  const save = useAction({
    run: () =>
      take(
        api.PATCH("/api/v2/lists/{list_id}", {
          params: { path: { list_id: list.id } },
          body: { name, description: description || null },
        }),
      ),
    renews: ["lists"],
    done: "Saved.",
    after: onDone,
  });
  return (
    <Stack>
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={255}
        required
      />
      <Textarea
        label="About"
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
        maxLength={1000}
      />
      <Group justify="flex-end">
        <Button loading={save.isPending} disabled={!name.trim()} onClick={() => save.mutate()}>
          Save
        </Button>
      </Group>
    </Stack>
  );
}

function People({ list, columns }: { list: List; columns: Column[] }) {
  const source = useInfiniteQuery(query.listLeads(list.id));
  const [isOpen, dialog] = useDisclosure(false);
  const remove = useAction({
    run: (lead: ListLead) =>
      take(
        api.DELETE("/api/v2/lists/{list_id}/leads", {
          params: { path: { list_id: list.id } },
          body: { externalIds: [lead.profile.id] },
        }),
      ),
    renews: ["lists"],
    done: (_, lead) => `@${lead.profile.username ?? lead.profile.platformId} is out of the list.`,
  });
  const shown: TableColumn<ListLead>[] = [
    { label: "Person", isWide: columns.length === 0, cell: (lead) => <Person profile={lead.profile} /> },
    ...columns.map((column) => ({
      label: column.name,
      cell: (lead: ListLead) =>
        list.kind === "user" && lead.profile.platformId ? (
          <Cell
            label={`${column.name} of ${lead.profile.displayName ?? lead.profile.username ?? "this person"}`}
            value={lead.data[column.id]}
            type={column.type}
            save={(value) =>
              take(
                api.PATCH("/api/v2/lists/{list_id}/leads/{platform_id}", {
                  params: { path: { list_id: list.id, platform_id: lead.profile.platformId ?? "" } },
                  body: { data: { [column.id]: value } },
                }),
              )
            }
          />
        ) : (
          String(lead.data[column.id] ?? "")
        ),
    })),
    { label: "Location", isMinor: true, cell: (lead) => lead.profile.location },
    { label: "Added", isMinor: true, cell: (lead) => <Moment at={lead.addedAt} /> },
  ];
  if (list.kind === "user") {
    shown.push({
      label: "Remove",
      isDeed: true,
      cell: (lead) => (
        <CloseButton
          size="sm"
          aria-label={`Remove ${lead.profile.displayName ?? lead.profile.username ?? "this person"} from the list`}
          onClick={() => remove.mutate(lead)}
        />
      ),
    });
  }
  return (
    <>
      <Table
        label="People of this list"
        source={source}
        columns={shown}
        rowKey={(lead) => lead.profile.id}
        empty={
          list.kind === "user" ? (
            <Empty
              title="Nobody is on this list yet"
              action={
                <Group>
                  <Button component={Link} to="/lists/$listId/import" params={{ listId: list.id } as never}>
                    Import a CSV
                  </Button>
                  <Button variant="default" onClick={dialog.open}>
                    Add by username
                  </Button>
                </Group>
              }
            >
              A column of usernames, profile links or platform ids is enough. Other columns become values you can use in
              messages.
            </Empty>
          ) : (
            <Empty title="Nobody yet">This list fills by itself as your accounts write and are written to.</Empty>
          )
        }
      />
      <Modal opened={isOpen} onClose={dialog.close} title="Add people by username" lockScroll={false}>
        <AddPeople listId={list.id} onDone={dialog.close} />
      </Modal>
      {columns.length === 0 && list.kind === "user" && (
        <Text size="sm" c="dimmed" mt="sm">
          Columns of your own hold what you know about people, for use in messages.
        </Text>
      )}
    </>
  );
}
