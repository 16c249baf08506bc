import { Button, Group, Modal, NumberInput, Paper, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { Account } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { DownloadCsv } from "../../parts/DownloadCsv.tsx";
import { Facts } from "../../parts/Facts.tsx";
import { Gauges } from "../../parts/Gauges.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Empty, PageHead, Shown } from "../../parts/Page.tsx";
import { AccountState } from "../../parts/State.tsx";
import { heard } from "../../words/hearing.ts";
import { count } from "../../words/numbers.ts";
import { spaced } from "../../words/states.ts";
import style from "./Accounts.module.css";
import { History } from "./History.tsx";

/** The accounts a team sends from: how each is, what it may do, and the way back for one that is out. */
export function AccountsPage() {
  const accounts = useQuery(query.accounts());
  const platforms = useQuery(query.platforms());
  const platform = platforms.data?.[0];
  const link = useAction({
    run: () => take(api.POST("/api/v2/account-links", { body: { platform: platform?.platform ?? "" } })),
    after: (begun) => {
      if ("authorizeUrl" in begun) window.location.assign(begun.authorizeUrl);
    },
  });
  const button = (
    <Button loading={link.isPending} disabled={!platform} onClick={() => link.mutate()}>
      Link an account{platform && ` on ${platform.name}`}
    </Button>
  );
  return (
    <>
      <PageHead
        title="Accounts"
        note="Linking opens the platform's own page, where the account's holder agrees."
        actions={
          <>
            {accounts.data && accounts.data.length > 0 && <DownloadCsv from="/api/v2/account-links.csv" />}
            {button}
          </>
        }
      />
      <Shown query={accounts}>
        {(all) =>
          all.length === 0 ? (
            <Paper>
              <Empty title="No account is linked yet" action={button}>
                Register your own app on the platform first, in the{" "}
                <Link to="/settings/platform">platform settings</Link>. Then link the accounts that are to write.
              </Empty>
            </Paper>
          ) : (
            <div className={style.cards}>
              {all.map((account) => (
                <Card key={account.id} account={account} relink={() => link.mutate()} />
              ))}
            </div>
          )
        }
      </Shown>
    </>
  );
}

const PAUSES: Record<string, string> = {
  manual: "Held back by hand.",
  senderRefused: "The platform refused it several times in a row. It tries again by itself after 24 hours.",
};

function Card({ account, relink }: { account: Account; relink: () => void }) {
  const [dialog, setDialog] = useState<"limits" | "history" | "disconnect" | null>(null);
  const path = { account_link_id: account.id };
  const change = useAction({
    run: (status: "active" | "paused") =>
      take(api.PATCH("/api/v2/account-links/{account_link_id}", { params: { path }, body: { status } })),
    renews: ["accounts", "campaigns"],
    done: (_, status) => (status === "paused" ? `@${account.username} is held back.` : `@${account.username} goes on.`),
  });
  const close = () => setDialog(null);
  return (
    <Paper p="md">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Text fw={600}>{account.displayName ?? `@${account.username}`}</Text>
          <Text size="sm" c="dimmed">
            @{account.username}
          </Text>
        </div>
        <Text size="sm" component="div">
          <AccountState status={account.status} />
        </Text>
      </Group>
      {account.status === "offline" && (
        <Text size="sm" mt="sm">
          {account.offlineReason?.message ?? "The platform no longer lets Overture act for it."} Its leads wait, and go
          on once it is linked again.
        </Text>
      )}
      {account.pauseReasons.length > 0 && (
        <Text size="sm" mt="sm">
          {account.pauseReasons.map((reason) => PAUSES[reason] ?? `Paused: ${spaced(reason)}.`).join(" ")}
        </Text>
      )}
      {account.missingScopes.length > 0 && (
        <Text size="sm" mt="sm">
          Not granted: {account.missingScopes.map(({ scope, costs }) => `${scope} (${costs})`).join("; ")}. Linking it
          again asks once more.
        </Text>
      )}
      <div className={style.facts}>
        <Facts
          facts={[
            {
              label: "Limits",
              value: `${count(account.hourlyLimit)} an hour, ${count(account.dailyLimit)} a day, over all campaigns`,
            },
            { label: "Answers", value: account.hearing && heard(account.hearing) },
            { label: "Inbox read", value: <Moment at={account.syncedAt} otherwise="not yet" /> },
            { label: "History since", value: account.historyFrom && <Moment at={account.historyFrom} /> },
          ]}
        />
      </div>
      {account.budgets && <Gauges budgets={account.budgets} />}
      <Group gap="xs" mt="md">
        {account.status === "offline" && (
          <Button size="xs" onClick={relink}>
            Link again
          </Button>
        )}
        {account.status === "active" && (
          <Button size="xs" variant="default" loading={change.isPending} onClick={() => change.mutate("paused")}>
            Hold back
          </Button>
        )}
        {account.status === "paused" && (
          <Button size="xs" loading={change.isPending} onClick={() => change.mutate("active")}>
            Let it go on
          </Button>
        )}
        <Button size="xs" variant="default" onClick={() => setDialog("limits")}>
          Limits
        </Button>
        <Button size="xs" variant="default" onClick={() => setDialog("history")}>
          History
        </Button>
        <Button size="xs" variant="subtle" color="gray" onClick={() => setDialog("disconnect")}>
          Disconnect
        </Button>
      </Group>
      <Modal opened={dialog === "limits"} onClose={close} title={`Limits of @${account.username}`} lockScroll={false}>
        <Limits account={account} onDone={close} />
      </Modal>
      <Modal
        opened={dialog === "history"}
        onClose={close}
        title={`History of @${account.username}`}
        lockScroll={false}
        size="lg"
      >
        <History account={account} />
      </Modal>
      <Modal
        opened={dialog === "disconnect"}
        onClose={close}
        title={`Disconnect @${account.username}?`}
        lockScroll={false}
      >
        <Disconnect account={account} onDone={close} />
      </Modal>
    </Paper>
  );
}

function Limits({ account, onDone }: { account: Account; onDone: () => void }) {
  const [hourlyLimit, setHourly] = useState<number | string>(account.hourlyLimit);
  const [dailyLimit, setDaily] = useState<number | string>(account.dailyLimit);
  const save = useAction({
    run: () =>
      take(
        api.PATCH("/api/v2/account-links/{account_link_id}", {
          params: { path: { account_link_id: account.id } },
          body: { hourlyLimit: Number(hourlyLimit), dailyLimit: Number(dailyLimit) },
        }),
      ),
    renews: ["accounts", "campaigns"],
    done: "Saved. Leads not contacted yet are shared out anew.",
    after: onDone,
  });
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        They hold over all campaigns together, for any 60 minutes and any 24 hours.
      </Text>
      <NumberInput label="Messages an hour" min={1} allowDecimal={false} value={hourlyLimit} onChange={setHourly} />
      <NumberInput label="Messages a day" min={1} allowDecimal={false} value={dailyLimit} onChange={setDaily} />
      <Group justify="flex-end">
        <Button loading={save.isPending} onClick={() => save.mutate()}>
          Save
        </Button>
      </Group>
    </Stack>
  );
}

function Disconnect({ account, onDone }: { account: Account; onDone: () => void }) {
  const disconnect = useAction({
    run: () =>
      take(
        api.DELETE("/api/v2/account-links/{account_link_id}", { params: { path: { account_link_id: account.id } } }),
      ),
    renews: ["accounts", "campaigns"],
    done: `@${account.username} is disconnected.`,
    after: onDone,
  });
  return (
    <Stack>
      <Text size="sm">
        Overture gives back what the platform granted. Leads it has written to are held, as their conversations live
        there; all others go to other accounts. Linking it again brings it back.
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          Keep it
        </Button>
        <Button color="red.9" loading={disconnect.isPending} onClick={() => disconnect.mutate()}>
          Disconnect
        </Button>
      </Group>
    </Stack>
  );
}
