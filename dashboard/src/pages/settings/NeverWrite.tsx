import { Button, FileButton, Group, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import { useAction } from "../../parts/action.ts";
import { decoded } from "../../words/csv.ts";
import { counted } from "../../words/numbers.ts";
import { type Named, named } from "../../words/suppressions.ts";
import { usernames } from "../../words/usernames.ts";

const MOST = 2000;
const MOST_NAMED = 20;
const MOST_BYTES = 10 * 1024 * 1024;

/** Ways to name people whom nobody is to write to: by username, or with a CSV. */
export function NeverWrite() {
  const platforms = useQuery(query.platforms());
  const platform = platforms.data?.[0]?.platform ?? "twitter";
  const [text, setText] = useState("");
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  // So that a file that was mended can be chosen again.
  const unchoose = useRef<() => void>(null);
  const names = usernames(text);
  const renews = ["suppressions", "campaigns"];
  const add = useAction({
    run: () =>
      suppress(
        platform,
        names.map((username) => ({ username, ...(reason.trim() && { reason: reason.trim() }) })),
      ),
    renews,
    done: inWords,
    after: ({ failed }) => setText(failed.map(({ identifier }) => identifier).join(" ")),
  });
  const bring = useAction({
    run: (people: Named[]) => suppress(platform, people),
    renews,
    done: inWords,
    after: ({ failed }) => setFault(failed.length ? leftOut(failed) : null),
  });

  async function look(file: File | null): Promise<void> {
    if (!file) return;
    unchoose.current?.();
    if (file.size > MOST_BYTES) {
      setFault("The file is larger than 10 MiB. Split it, and import the parts one after another.");
      return;
    }
    const people = named(decoded(new Uint8Array(await file.arrayBuffer())));
    if (!people) setFault("No column tells who they are. Name one of them username, profile link or platform id.");
    else if (people.length === 0) setFault("Nobody is named in this file.");
    else {
      setFault(null);
      bring.mutate(people);
    }
  }

  return (
    <Stack gap="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <Group align="flex-end">
          <TextInput
            label="Add people"
            description="Usernames or links to profiles, with spaces or commas between."
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            flex={1}
            miw={240}
            error={names.length > MOST ? `At most ${MOST} at once.` : undefined}
          />
          <TextInput
            label="Why"
            description="For your team; it may stay empty."
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            maxLength={1000}
            flex={1}
            miw={200}
          />
          <Button type="submit" loading={add.isPending} disabled={names.length === 0 || names.length > MOST}>
            Never write to {names.length > 1 ? "them" : "this person"}
          </Button>
        </Group>
      </form>
      <Group gap="sm">
        <FileButton resetRef={unchoose} onChange={(file) => void look(file)} accept=".csv,.tsv,.txt,text/csv">
          {(props) => (
            <Button {...props} variant="default" loading={bring.isPending}>
              Import a CSV
            </Button>
          )}
        </FileButton>
        <Text size="sm" c="dimmed" flex={1} miw={200}>
          It needs a column of usernames, profile links or platform ids. What a column “reason” says is kept with each.
        </Text>
      </Group>
      {fault && (
        <Text role="alert" size="sm" c="var(--mantine-color-error)">
          {fault}
        </Text>
      )}
    </Stack>
  );
}

type Outcome = { added: number; skipped: number; failed: { identifier: string; message: string }[] };

async function suppress(platform: string, people: Named[]): Promise<Outcome> {
  const all: Outcome = { added: 0, skipped: 0, failed: [] };
  for (let at = 0; at < people.length; at += MOST) {
    const body = { platform, suppressions: people.slice(at, at + MOST) };
    const { added, skipped, failed } = await take(api.POST("/api/v2/suppressions/import", { body }));
    all.added += added;
    all.skipped += skipped;
    all.failed.push(...failed);
  }
  return all;
}

function leftOut(failed: Outcome["failed"]): string {
  const names = failed.slice(0, MOST_NAMED).map(({ identifier }) => identifier);
  const more = failed.length > MOST_NAMED ? ` and ${failed.length - MOST_NAMED} more` : "";
  return `Not taken from the file: ${names.join(", ")}${more}. ${failed[0]?.message ?? ""}`;
}

function inWords({ added, skipped, failed }: Outcome): string {
  const there = skipped ? `, ${skipped} were there already` : "";
  const not = failed.length ? `; ${failed.length} not: ${failed[0]?.message}` : "";
  return `${counted(added, "person", "people")} added${there}${not}.`;
}
