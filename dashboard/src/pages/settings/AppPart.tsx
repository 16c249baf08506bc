import { Button, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { inWords } from "../../api/problem.ts";
import * as query from "../../api/queries.ts";
import type { components } from "../../api/schema.d.ts";
import { useAction } from "../../parts/action.ts";
import { Facts } from "../../parts/Facts.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Section, Shown } from "../../parts/Page.tsx";

type Platform = components["schemas"]["PlatformAnswer"];

/** The team's own app on a platform: what is kept of it, and another in its place. */
export function AppPart({ platform }: { platform: Platform }) {
  return (
    <Section
      title={`Your app on ${platform.name}`}
      note="Accounts are linked through it, and what they do is billed to it."
    >
      <Stack>
        {platform.hasApp ? <Kept platform={platform} /> : <FirstOf platform={platform} />}
        <Register platform={platform} />
      </Stack>
    </Section>
  );
}

function FirstOf({ platform }: { platform: Platform }) {
  return (
    <Text size="sm" maw={640}>
      Make an app in the developer console of {platform.name}, with <code>{platform.redirectUri}</code> as a callback
      address, letter by letter. Then copy here what the console shows of it.
    </Text>
  );
}

function Kept({ platform }: { platform: Platform }) {
  const found = useQuery(query.app(platform.platform));
  return (
    <Shown query={found}>
      {(app) => (
        <Facts
          facts={[
            { label: "Client id", value: app.clientId },
            { label: "Callback", value: <code>{app.redirectUri}</code> },
            { label: "Scopes", value: app.scopes.join(", ") },
            { label: "Client secret", value: app.hasClientSecret ? "kept, sealed" : "none" },
            { label: "Bearer token", value: app.hasBearerToken ? "kept, sealed" : "none" },
            { label: "API key secret", value: app.hasConsumerSecret ? "kept, sealed" : "none" },
            { label: "Changed", value: <Moment at={app.changedAt} /> },
          ]}
        />
      )}
    </Shown>
  );
}

function Register({ platform }: { platform: Platform }) {
  const [clientId, setId] = useState("");
  const [clientSecret, setSecret] = useState("");
  const [bearerToken, setBearer] = useState("");
  const [consumerSecret, setConsumer] = useState("");
  const save = useAction({
    run: () =>
      take(
        api.PUT("/api/v2/platforms/{platform}/app", {
          params: { path: { platform: platform.platform } },
          body: {
            clientId,
            clientSecret: clientSecret || null,
            bearerToken: bearerToken || null,
            consumerSecret: consumerSecret || null,
          },
        }),
      ),
    renews: ["app", "platforms"],
    isFailureShown: true,
    done: `Your app on ${platform.name} is registered.`,
    after: () => {
      for (const empty of [setId, setSecret, setBearer, setConsumer]) empty("");
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack maw={520}>
        {platform.hasApp && (
          <Text size="sm" c="dimmed">
            To change it, give everything anew: what is left empty is forgotten.
          </Text>
        )}
        <TextInput
          label="Client id"
          value={clientId}
          onChange={(event) => setId(event.currentTarget.value)}
          autoComplete="off"
          required
        />
        <Secret
          label="Client secret"
          about="Of OAuth 2.0; empty only for a public app. Kept sealed, as all of these, and never shown again."
          value={clientSecret}
          onChange={setSecret}
        />
        <Secret
          label="Bearer token"
          about="The app's own: needed for answers to be told at once, and not only when inboxes are read."
          value={bearerToken}
          onChange={setBearer}
        />
        <Secret
          label="API key secret"
          about="Also called consumer secret: needed where answers are pushed to a public address."
          value={consumerSecret}
          onChange={setConsumer}
        />
        {save.error !== null && (
          <Text role="alert" size="sm" c="var(--mantine-color-error)">
            {inWords(save.error)}
          </Text>
        )}
        <Group>
          <Button type="submit" loading={save.isPending} disabled={!clientId.trim()}>
            {platform.hasApp ? "Put it in the place of the other" : "Register"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Secret({
  label,
  about,
  value,
  onChange,
}: {
  label: string;
  about: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <PasswordInput
      label={label}
      description={about}
      autoComplete="off"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
