import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { useAction } from "../../parts/action.ts";
import { type ConsentAnswer, ConsentQuestion, consentOf, isAnswered } from "../../parts/ConsentQuestion.tsx";
import { counted } from "../../words/numbers.ts";
import { usernames } from "../../words/usernames.ts";

/** A few people at once, by their usernames or the links to their profiles. */
export function AddPeople({ listId, onDone }: { listId: string; onDone: () => void }) {
  const [text, setText] = useState("");
  const [consent, setConsent] = useState<ConsentAnswer>({ basis: null, evidence: "" });
  const names = usernames(text);
  const add = useAction({
    run: () =>
      take(
        api.POST("/api/v2/lists/{list_id}/leads", {
          params: { path: { list_id: listId } },
          body: { usernames: names, consent: consentOf(consent) },
        }),
      ),
    renews: ["lists"],
    done: ({ added, skipped, failed, failures }) =>
      [
        `${counted(added.length, "person", "people")} added.`,
        skipped.length > 0 && `${skipped.length} were there already.`,
        failed.length > 0 && `${failed.length} could not be added: ${failures[0]?.message ?? ""}`,
      ]
        .filter(Boolean)
        .join(" "),
    after: ({ failed }) => {
      if (failed.length) setText(failed.join("\n"));
      else onDone();
    },
  });
  return (
    <Stack>
      <Textarea
        label="Usernames"
        description="One a line, with or without @; links to profiles work as well."
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        minRows={4}
        maxRows={10}
        autosize
        data-autofocus
      />
      {names.length > 2000 && (
        <Text size="sm" c="var(--mantine-color-error)">
          At most 2000 at once. For more, import a CSV.
        </Text>
      )}
      <ConsentQuestion value={consent} onChange={setConsent} />
      <Group justify="flex-end">
        <Button
          loading={add.isPending}
          disabled={names.length === 0 || names.length > 2000 || !isAnswered(consent)}
          onClick={() => add.mutate()}
        >
          Add {names.length > 0 && counted(names.length, "person", "people")}
        </Button>
      </Group>
    </Stack>
  );
}
