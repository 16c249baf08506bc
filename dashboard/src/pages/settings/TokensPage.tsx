import { Button, CopyButton, Group, Paper, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import { useAction } from "../../parts/action.ts";
import { Empty, Section, Shown } from "../../parts/Page.tsx";
import { Table } from "../../parts/Table.tsx";
import { day } from "../../words/time.ts";
import style from "./Settings.module.css";

/** Tokens let programs in; each is shown once. */
export function TokensPage() {
  const found = useQuery(query.tokens());
  const [name, setName] = useState("");
  const make = useAction({
    run: () => take(api.POST("/api/v2/tokens", { body: { name } })),
    renews: ["tokens"],
    after: () => setName(""),
  });
  const revoke = useAction({
    run: (id: string) => take(api.DELETE("/api/v2/tokens/{token_id}", { params: { path: { token_id: id } } })),
    renews: ["tokens"],
    done: "Revoked. It lets nobody in any more.",
  });
  return (
    <Section
      title="Tokens"
      note="For programs that use the API. Each acts for a member, and may do what that one may."
      bare
    >
      <Paper p="md" mb="md">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          <Group align="flex-end">
            <TextInput
              label="New token for"
              placeholder="Nightly report"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              maxLength={255}
              flex={1}
              maw={360}
            />
            <Button type="submit" loading={make.isPending} disabled={!name.trim()}>
              Make it
            </Button>
          </Group>
        </form>
        {make.data && (
          <Group mt="md" gap="sm" role="status">
            <Text size="sm">The token “{make.data.name}”. Copy it now: it is not shown again.</Text>
            <code className={style.secret}>{make.data.token}</code>
            <CopyButton value={make.data.token}>
              {({ copied, copy }) => (
                <Button size="xs" variant="default" onClick={copy}>
                  {copied ? "Copied" : "Copy"}
                </Button>
              )}
            </CopyButton>
          </Group>
        )}
      </Paper>
      <Shown query={found}>
        {(all) => (
          <Table
            label="Tokens"
            rows={all.filter(({ revokedAt }) => revokedAt === null)}
            rowKey={({ id }) => id}
            columns={[
              { label: "Name", isWide: true, cell: (token) => <strong>{token.name}</strong> },
              { label: "May do as", cell: (token) => token.role },
              { label: "Made", cell: (token) => day(token.createdAt) },
              {
                label: "Revoke",
                isDeed: true,
                cell: (token) => (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    color="gray"
                    c="var(--tone-bad)"
                    aria-label={`Revoke ${token.name}`}
                    onClick={() => revoke.mutate(token.id)}
                  >
                    Revoke
                  </Button>
                ),
              },
            ]}
            empty={<Empty title="No tokens">Programs need one to use the API; people sign in.</Empty>}
          />
        )}
      </Shown>
    </Section>
  );
}
