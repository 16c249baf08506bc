import { Button, FileButton, Group, Paper, Radio, Select, Stack, Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, send, take } from "../../api/client.ts";
import { inWords } from "../../api/problem.ts";
import * as query from "../../api/queries.ts";
import type { Column, ImportJob } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { type ConsentAnswer, ConsentQuestion, consentOf, isAnswered } from "../../parts/ConsentQuestion.tsx";
import { PageHead, Section, Shown } from "../../parts/Page.tsx";
import { Table } from "../../parts/Table.tsx";
import { type Beginning, beginning, decoded } from "../../words/csv.ts";
import { identifierOf } from "../../words/identifiers.ts";
import style from "./Import.module.css";
import { Imports } from "./Imports.tsx";

const route = getRouteApi("/shell/lists/$listId/import");

const LOOK_BYTES = 64 * 1024;
const MOST_BYTES = 256 * 1024 * 1024;

const PASS = "pass";
const MAKE = "make";

type Chosen = { file: File; head: Beginning };
type Merge = "overwrite" | "fillEmpty" | "keep";

/** A CSV into a list: look at it, say who its people are, check it or take it. */
export function ImportPage() {
  const { listId } = route.useParams();
  const list = useQuery(query.list(listId));
  const columns = useQuery(query.listColumns(listId));
  return (
    <Shown query={list}>
      {(found) => (
        <>
          <PageHead
            title="Import a CSV"
            back={{ to: "/lists/$listId", label: found.name, params: { listId } as never }}
            note="It needs one column that tells who a row is: a username, a link to a profile or a platform id."
          />
          <Shown query={columns}>{(all) => <Import listId={listId} columns={all} />}</Shown>
        </>
      )}
    </Shown>
  );
}

function Import({ listId, columns }: { listId: string; columns: Column[] }) {
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [mapping, setMapping] = useState<Record<string, string> | null>(null);
  const [merge, setMerge] = useState<Merge>("overwrite");
  const [consent, setConsent] = useState<ConsentAnswer>({ basis: null, evidence: "" });

  async function look(file: File | null): Promise<void> {
    if (!file) return;
    if (file.size > MOST_BYTES) {
      setFault("The file is larger than 256 MiB. Split it, and import the parts one after another.");
      return;
    }
    const head = beginning(
      decoded(new Uint8Array(await file.slice(0, LOOK_BYTES).arrayBuffer()), file.size <= LOOK_BYTES),
    );
    setFault(
      head.headers.length ? null : "The file is empty. Choose one with a line of headers and a row for each person.",
    );
    if (head.headers.length) setChosen({ file, head });
  }

  const run = useAction({
    run: async (isCheck: boolean): Promise<ImportJob> => {
      if (!chosen) throw new Error("Choose a file first.");
      const form = new FormData();
      form.set("fileName", chosen.file.name);
      form.set("mergeStrategy", merge);
      if (isCheck) form.set("checkOnly", "true");
      if (mapping) form.set("columnMapping", JSON.stringify(await mapped(listId, mapping, isCheck)));
      const given = consentOf(consent);
      if (given) form.set("consent", JSON.stringify(given));
      form.set("file", chosen.file);
      return send<ImportJob>(`/api/v2/lists/${listId}/import-jobs`, { method: "POST", body: form });
    },
    renews: ["imports", "lists"],
    isFailureShown: true,
    after: (_, isCheck) => {
      if (!isCheck) void navigate({ to: "/lists/$listId", params: { listId } });
    },
  });

  if (!chosen) return <Drop onFile={(file) => void look(file)} fault={fault} />;
  return (
    <>
      <Imports listId={listId} />
      <Section
        title={chosen.file.name}
        note="The first rows as they are in the file."
        bare
        actions={
          <Button variant="default" size="xs" onClick={() => setChosen(null)}>
            Another file
          </Button>
        }
      >
        <Table
          label="The first rows"
          rows={chosen.head.rows.map((cells, index) => ({ id: String(index), cells }))}
          rowKey={({ id }) => id}
          columns={chosen.head.headers.map((header, at) => ({
            label: header || `Column ${at + 1}`,
            cell: ({ cells }: { cells: string[] }) => cells[at] ?? "",
          }))}
          empty={<Text p="md">There is no row below the headers.</Text>}
        />
      </Section>
      <Section title="Columns">
        <Switch
          label="Recognise the columns by their headers"
          description="Columns the list does not have yet are made, as text."
          checked={mapping === null}
          onChange={(event) =>
            setMapping(
              event.currentTarget.checked
                ? null
                : Object.fromEntries(chosen.head.headers.map((header) => [header, guess(header, columns)])),
            )
          }
        />
        {mapping && (
          <div className={style.mapping}>
            {chosen.head.headers.map((header) => (
              <Select
                key={header}
                label={header}
                value={mapping[header] ?? PASS}
                onChange={(target) => setMapping({ ...mapping, [header]: target ?? PASS })}
                allowDeselect={false}
                data={[
                  {
                    group: "Who the row is",
                    items: [
                      { value: "username", label: "Username" },
                      { value: "profileUrl", label: "Link to the profile" },
                      { value: "platformId", label: "Platform id" },
                    ],
                  },
                  {
                    group: "A value",
                    items: [
                      ...columns.map(({ id, name }) => ({ value: id, label: name })),
                      { value: MAKE, label: "A new column of this name" },
                    ],
                  },
                  { group: "Neither", items: [{ value: PASS, label: "Pass over" }] },
                ]}
              />
            ))}
          </div>
        )}
        <Radio.Group
          mt="lg"
          label="People who are on the list already"
          value={merge}
          onChange={(value) => setMerge(value as Merge)}
        >
          <Group mt="xs">
            <Radio value="overwrite" label="take the file's values" />
            <Radio value="fillEmpty" label="fill only what is empty" />
            <Radio value="keep" label="stay as they are" />
          </Group>
        </Radio.Group>
      </Section>
      <Section title="Consent">
        <ConsentQuestion value={consent} onChange={setConsent} />
      </Section>
      {run.error !== null && run.error !== undefined && (
        <Text role="alert" c="var(--mantine-color-error)" size="sm" mt="md">
          {inWords(run.error)}
        </Text>
      )}
      <Group mt="xl">
        <Button loading={run.isPending} disabled={!isAnswered(consent)} onClick={() => run.mutate(false)}>
          Import
        </Button>
        <Button variant="default" disabled={run.isPending} onClick={() => run.mutate(true)}>
          Only check it
        </Button>
        {!isAnswered(consent) && (
          <Text size="sm" c="dimmed">
            Say how these people know you; then it can be imported.
          </Text>
        )}
      </Group>
    </>
  );
}

function Drop({ onFile, fault }: { onFile: (file: File | null) => void; fault: string | null }) {
  const [isOver, setOver] = useState(false);
  return (
    <Paper
      className={style.drop}
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFile(event.dataTransfer.files[0] ?? null);
      }}
    >
      <Stack align="center" gap="sm">
        <Text fw={600}>Drop a CSV here</Text>
        <FileButton onChange={onFile} accept=".csv,.tsv,.txt,text/csv">
          {(props) => <Button {...props}>Choose a file</Button>}
        </FileButton>
        <Text size="sm" c="dimmed">
          Up to 256 MiB, in any usual encoding. Nothing is imported before you say so.
        </Text>
        {fault && (
          <Text role="alert" size="sm" c="var(--mantine-color-error)">
            {fault}
          </Text>
        )}
      </Stack>
    </Paper>
  );
}

function guess(header: string, columns: Column[]): string {
  const own = columns.find(({ name }) => name.toLowerCase() === header.toLowerCase());
  return identifierOf(header) ?? own?.id ?? MAKE;
}

/** The mapping as the API takes it; columns that are to be new are made first, unless the file is only checked. */
async function mapped(listId: string, mapping: Record<string, string>, isCheck: boolean) {
  const rows: { csvHeader: string; targetColumnId: string }[] = [];
  for (const [csvHeader, target] of Object.entries(mapping)) {
    if (target === PASS || (target === MAKE && isCheck)) continue;
    if (target === MAKE) {
      const made = await take(
        api.POST("/api/v2/lists/{list_id}/columns", {
          params: { path: { list_id: listId } },
          body: { name: csvHeader },
        }),
      );
      rows.push({ csvHeader, targetColumnId: made.id });
    } else {
      rows.push({ csvHeader, targetColumnId: target });
    }
  }
  return rows;
}
