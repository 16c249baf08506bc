import { Button, FileButton, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../../api/client.ts";
import { inWords } from "../../api/problem.ts";
import * as query from "../../api/queries.ts";
import type { Account, ImportJob } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { ImportJobs } from "../../parts/ImportJobs.tsx";

const MOST_BYTES = 256 * 1024 * 1024;

/** What an account and others wrote to each other before it was linked, from a file. */
export function History({ account }: { account: Account }) {
  const [file, setFile] = useState<File | null>(null);
  const jobs = useQuery(query.histories(account.id));
  const run = useAction({
    run: (isCheck: boolean): Promise<ImportJob> => {
      if (!file) throw new Error("Choose a file first.");
      const form = new FormData();
      form.set("fileName", file.name);
      if (isCheck) form.set("checkOnly", "true");
      form.set("file", file);
      return send<ImportJob>(`/api/v2/account-links/${account.id}/import-jobs`, { method: "POST", body: form });
    },
    renews: ["imports", "accounts", "lists"],
    isFailureShown: true,
  });
  const isTooLarge = file !== null && file.size > MOST_BYTES;
  return (
    <Stack>
      <Text size="sm">
        The platform tells only of the last weeks before an account was linked. What is older comes from a file: whoever
        was written to before counts as contacted, and whoever wrote to the account may be written to by it. Nothing of
        it counts as sent by Overture.
      </Text>
      <Text size="sm" c="dimmed">
        Take <code>data/direct-messages.js</code> of an archive that X makes (Settings, Your account, Download an
        archive), or a CSV with a username and <code>sentAt</code> or <code>receivedAt</code>. A history is not undone:
        check it first.
      </Text>
      <Group gap="sm">
        <FileButton
          onChange={(chosen) => {
            setFile(chosen);
            run.reset();
          }}
          accept=".js,.csv,.tsv,.txt,text/csv,text/javascript"
        >
          {(props) => (
            <Button {...props} variant="default" size="xs">
              {file ? "Another file" : "Choose a file"}
            </Button>
          )}
        </FileButton>
        {file && <Text size="sm">{file.name}</Text>}
      </Group>
      {(isTooLarge || run.error !== null) && (
        <Text role="alert" size="sm" c="var(--mantine-color-error)">
          {isTooLarge
            ? "The file is larger than 256 MiB. Split it, and import the parts one after another."
            : inWords(run.error)}
        </Text>
      )}
      <Group justify="flex-end">
        <Button
          variant="default"
          disabled={!file || isTooLarge}
          loading={run.isPending && run.variables}
          onClick={() => run.mutate(true)}
        >
          Check only
        </Button>
        <Button
          disabled={!file || isTooLarge}
          loading={run.isPending && !run.variables}
          onClick={() => run.mutate(false)}
        >
          Import
        </Button>
      </Group>
      <ImportJobs jobs={jobs.data ?? []} mayUndo={false} />
    </Stack>
  );
}
