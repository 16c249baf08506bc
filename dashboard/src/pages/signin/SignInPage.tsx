import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { inWords, Problem } from "../../api/problem.ts";
import { signIn } from "../../api/session.ts";
import { useAction } from "../../parts/action.ts";
import { Door } from "./Door.tsx";

const route = getRouteApi("/sign-in");

/** The way in for members. */
export function SignInPage() {
  const { from } = route.useSearch();
  const router = useRouter();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const enter = useAction({
    run: () => signIn({ email, password }),
    isFailureShown: true,
    after: () => router.history.push(from ?? "/"),
  });
  const isRefused = enter.error instanceof Problem && enter.error.status === 401;
  return (
    <Door title="Sign in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          enter.mutate();
        }}
      >
        <Stack>
          <TextInput
            label="E-mail address"
            type="email"
            autoComplete="username"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            required
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            required
          />
          {enter.error !== null && (
            <Text role="alert" size="sm" c="var(--mantine-color-error)">
              {isRefused ? "The address or the password is wrong." : inWords(enter.error)}
            </Text>
          )}
          <Button type="submit" loading={enter.isPending} disabled={!email || !password}>
            Sign in
          </Button>
          <Text size="sm" c="dimmed">
            No password yet, or lost it? The first start shows an address at which the owner chooses one, and{" "}
            <code>overture password</code> on the server makes another.
          </Text>
        </Stack>
      </form>
    </Door>
  );
}
