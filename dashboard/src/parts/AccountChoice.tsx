import { Anchor, Checkbox, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Account } from "../api/types.ts";
import style from "./AccountChoice.module.css";
import { AccountState } from "./State.tsx";

/** Which accounts send. */
export function AccountChoice({
  accounts,
  value,
  onChange,
}: {
  accounts: Account[];
  value: string[];
  onChange: (ids: string[]) => void;
}) {
  if (accounts.length === 0) {
    return (
      <Text size="sm">
        No account is linked yet.{" "}
        <Anchor component={Link} to="/accounts" size="sm">
          Link one first
        </Anchor>
        .
      </Text>
    );
  }
  return (
    <Checkbox.Group value={value} onChange={onChange} label="Send from">
      <Stack gap={8} mt={6}>
        {accounts.map((account) => (
          <div key={account.id} className={style.row}>
            <Checkbox value={account.id} label={`@${account.username}`} />
            <Text size="sm" c="dimmed" component="div">
              <AccountState status={account.status} />
            </Text>
          </div>
        ))}
      </Stack>
    </Checkbox.Group>
  );
}
