import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { inWords } from "../../api/problem.ts";
import { acceptInvitation } from "../../api/session.ts";
import { useAction } from "../../parts/action.ts";
import { Empty } from "../../parts/Page.tsx";
import { Door } from "./Door.tsx";

const LEAST = 12;

/** Where somebody who is invited chooses what to sign in with. The secret follows `#`, which browsers tell no server. */
export function InvitationPage() {
  const router = useRouter();
  const [invitation] = useState(() => window.location.hash.slice(1));
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const accept = useAction({
    run: () => acceptInvitation({ invitation, email, password }),
    isFailureShown: true,
    after: () => router.history.replace("/"),
  });
  if (!invitation) {
    return (
      <Door title="Invitation">
        <Empty title="This address is not whole">
          Open it again as it was given to you, with all that follows “#”.
        </Empty>
      </Door>
    );
  }
  const isShort = password !== "" && password.length < LEAST;
  return (
    <Door title="Choose a password">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          accept.mutate();
        }}
      >
        <Stack>
          <TextInput
            label="E-mail address"
            description="What you sign in with from now on."
            type="email"
            autoComplete="username"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            required
          />
          <PasswordInput
            label="Password"
            description={`At least ${LEAST} characters. A sentence of your own is good, and easy to keep in mind.`}
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={isShort ? `${LEAST - password.length} more to go` : undefined}
            maxLength={200}
            required
          />
          {accept.error !== null && (
            <Text role="alert" size="sm" c="var(--mantine-color-error)">
              {inWords(accept.error)}
            </Text>
          )}
          <Button type="submit" loading={accept.isPending} disabled={!email || password.length < LEAST}>
            Go in
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
