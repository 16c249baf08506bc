import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, take } from "../../api/client.ts";
import { inWords } from "../../api/problem.ts";
import * as query from "../../api/queries.ts";
import { useAction } from "../../parts/action.ts";
import { newKey } from "../../words/keys.ts";

type Meant = { campaignId: string; platformId: string; stepId: string };

/** A message of a lead, sent to an account of our own: to read it as the lead would. */
export function TryOut(meant: Meant) {
  const [isOpen, dialog] = useDisclosure(false);
  return (
    <>
      <Button size="compact-xs" variant="subtle" onClick={dialog.open}>
        Send me this
      </Button>
      <Modal opened={isOpen} onClose={dialog.close} title="Send me this" lockScroll={false}>
        <Trial {...meant} onDone={dialog.close} />
      </Modal>
    </>
  );
}

function Trial({ campaignId, platformId, stepId, onDone }: Meant & { onDone: () => void }) {
  const found = useQuery(query.accounts());
  const accounts = found.data ?? [];
  const [from, setFrom] = useState<string | null>(null);
  const [to, setTo] = useState<string | null>(null);
  // One key for one message: a second click, or a lost answer, sends nothing twice. Another choice is another message.
  const key = useRef(newKey());
  const choose = (set: (id: string | null) => void) => (id: string | null) => {
    key.current = newKey();
    set(id);
  };
  const isReady = from !== null && to !== null;
  const send = useAction({
    run: () =>
      take(
        api.POST("/api/v2/campaigns/{campaign_id}/leads/{identifier}/trial", {
          params: { path: { campaign_id: campaignId, identifier: platformId } },
          headers: { "Idempotency-Key": key.current },
          body: { stepId, accountLinkId: from ?? "", toAccountLinkId: to ?? "" },
        }),
      ),
    renews: ["accounts", "threads"],
    isFailureShown: true,
    done: "Sent. Look at it in the inbox of that account.",
    after: onDone,
  });
  const optionsBut = (other: string | null) =>
    accounts.filter(({ id }) => id !== other).map(({ id, username }) => ({ value: id, label: `@${username}` }));
  if (found.data && accounts.length < 2) {
    return <Text size="sm">That takes two linked accounts: one that sends, and one that gets it.</Text>;
  }
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        It leaves at once, within the limits of the account, and nothing changes for the lead.
      </Text>
      <Select label="From" data={optionsBut(to)} value={from} onChange={choose(setFrom)} />
      <Select label="To our own account" data={optionsBut(from)} value={to} onChange={choose(setTo)} />
      {send.error !== null && (
        <Text role="alert" size="sm" c="var(--mantine-color-error)">
          {inWords(send.error)}
        </Text>
      )}
      <Group justify="flex-end">
        <Button loading={send.isPending} disabled={!isReady} onClick={() => send.mutate()}>
          Send
        </Button>
      </Group>
    </Stack>
  );
}
