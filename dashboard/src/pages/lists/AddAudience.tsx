import { Button, Group, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { inWords } from "../../api/problem.ts";
import { useAction } from "../../parts/action.ts";
import { type ConsentAnswer, ConsentQuestion, consentOf, isAnswered } from "../../parts/ConsentQuestion.tsx";

const KINDS = {
  followers: { label: "who follows an account", asks: "Username of the account", example: "ana" },
  following: { label: "whom an account follows", asks: "Username of the account", example: "ana" },
  likes: { label: "who liked a post", asks: "Link to the post", example: "https://x.com/ana/status/…" },
};
type Kind = keyof typeof KINDS;
const MOST = 100_000;

/** People the platform lists: followers, followed, likers. Read as a job, as a file is. */
export function AddAudience({ listId, onDone }: { listId: string; onDone: () => void }) {
  const [kind, setKind] = useState<Kind>("followers");
  const [whose, setWhose] = useState("");
  const [most, setMost] = useState<number | string>(1_000);
  const [consent, setConsent] = useState<ConsentAnswer>({ basis: null, evidence: "" });
  const limit = Number(most);
  const begin = useAction({
    run: () =>
      take(
        api.POST("/api/v2/lists/{list_id}/import-jobs", {
          params: { path: { list_id: listId } },
          body: {
            data:
              kind === "likes"
                ? { type: kind, post: whose.trim(), most: limit }
                : { type: kind, username: whose.trim(), most: limit },
            consent: consentOf(consent),
          },
        }),
      ),
    renews: ["imports", "lists"],
    isFailureShown: true,
    done: "The platform is asked; people come onto the list as it names them.",
    after: onDone,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        begin.mutate();
      }}
    >
      <Stack>
        <Select
          label="Add"
          data={Object.entries(KINDS).map(([value, { label }]) => ({ value, label }))}
          value={kind}
          onChange={(value) => {
            setKind((value ?? "followers") as Kind);
            setWhose("");
          }}
          allowDeselect={false}
        />
        <TextInput
          label={KINDS[kind].asks}
          placeholder={KINDS[kind].example}
          value={whose}
          onChange={(event) => setWhose(event.currentTarget.value)}
          required
        />
        <NumberInput
          label="At most"
          description="X bills each profile it names; so many are read, in the order it lists them."
          min={1}
          max={MOST}
          allowDecimal={false}
          value={most}
          onChange={setMost}
        />
        <ConsentQuestion value={consent} onChange={setConsent} />
        {begin.error !== null && (
          <Text role="alert" size="sm" c="var(--mantine-color-error)">
            {inWords(begin.error)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button
            type="submit"
            loading={begin.isPending}
            disabled={!whose.trim() || !Number.isInteger(limit) || limit < 1 || !isAnswered(consent)}
          >
            Add them
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
