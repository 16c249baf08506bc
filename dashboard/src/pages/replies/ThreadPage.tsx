import { ActionIcon, Anchor, Button, Group, Menu, Select, Text, Textarea } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { api, take } from "../../api/client.ts";
import { inWords } from "../../api/problem.ts";
import * as query from "../../api/queries.ts";
import type { Message, Thread } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { MoreIcon } from "../../parts/icons.tsx";
import { Moment } from "../../parts/Moment.tsx";
import { Failure, Loading, Shown } from "../../parts/Page.tsx";
import { nameOf } from "../../parts/Person.tsx";
import { useSilence } from "../../parts/silence.ts";
import { newKey } from "../../words/keys.ts";
import { NoAnswer } from "./NoAnswer.tsx";
import style from "./Thread.module.css";

const route = getRouteApi("/shell/replies/$threadId");

/** One conversation: who it is with, what was said, and an answer from the same account. */
export function ThreadPage() {
  const { threadId } = route.useParams();
  const found = useQuery(query.thread(threadId));
  return <Shown query={found}>{(thread) => <Conversation key={thread.id} thread={thread} />}</Shown>;
}

function Conversation({ thread }: { thread: Thread }) {
  useReading(thread);
  return (
    <>
      <Head thread={thread} />
      <Messages thread={thread} />
      <Answer thread={thread} />
    </>
  );
}

/** Who opens a conversation has read it. */
function useReading(thread: Thread): void {
  const read = useAction({
    run: () =>
      take(
        api.PATCH("/api/v2/threads/{thread_id}", {
          params: { path: { thread_id: thread.id } },
          body: { unread: false },
        }),
      ),
    renews: ["threads"],
    isFailureShown: true,
  });
  const { mutate } = read;
  useEffect(() => {
    if (thread.unread) mutate();
  }, [thread.unread, mutate]);
}

function Head({ thread }: { thread: Thread }) {
  const statuses = useQuery(query.statuses());
  const members = useQuery(query.members());
  const path = { thread_id: thread.id };
  const setStatus = useAction({
    run: (status: string | null) =>
      take(
        api.PATCH("/api/v2/contacts/{contact_id}", {
          params: { path: { contact_id: thread.contactId } },
          body: { status },
        }),
      ),
    renews: ["threads", "contacts"],
  });
  const change = useAction({
    run: (body: { archived?: boolean; unread?: boolean; assigneeId?: string | null }) =>
      take(api.PATCH("/api/v2/threads/{thread_id}", { params: { path }, body })),
    renews: ["threads"],
  });
  const silence = useSilence(thread.profile, "Chosen in the conversation");
  return (
    <header className={style.head}>
      <Anchor component={Link} to="/replies" search={true as never} className={style.back} size="sm">
        ← All
      </Anchor>
      <div className={style.who}>
        <Link to="/people/$contactId" params={{ contactId: thread.contactId }} className="plain">
          <strong>{thread.profile ? nameOf(thread.profile) : "Unknown"}</strong>
        </Link>
        <Text size="xs" c="dimmed">
          {thread.profile?.username && `@${thread.profile.username} · `}with @{thread.accountLink?.username}
        </Text>
      </div>
      <Group gap={8} className={style.deeds}>
        <Select
          size="xs"
          aria-label="Status of the person"
          placeholder="Status"
          data={(statuses.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          value={thread.contact?.statusId ?? null}
          onChange={(status) => setStatus.mutate(status)}
          clearable
          w={140}
        />
        <Select
          size="xs"
          aria-label="Who looks after it"
          placeholder="Nobody"
          data={(members.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          value={thread.assigneeId}
          onChange={(assigneeId) => change.mutate({ assigneeId })}
          clearable
          w={130}
        />
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="default" size={30} aria-label="More about this conversation">
              <MoreIcon />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => change.mutate({ archived: !thread.archived })}>
              {thread.archived ? "Back to the inbox" : "Archive"}
            </Menu.Item>
            <Menu.Item onClick={() => change.mutate({ unread: true })}>Mark as unread</Menu.Item>
            <Menu.Divider />
            {silence.mayEnd ? (
              <Menu.Item onClick={() => silence.end.mutate()}>Let this person be written to again</Menu.Item>
            ) : (
              <Menu.Item
                c="var(--tone-bad)"
                disabled={silence.isSilenced || !thread.profile}
                onClick={() => silence.begin.mutate()}
              >
                {silence.isSilenced ? "Never written to: an owner may end it" : "Never write to this person again"}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </Group>
    </header>
  );
}

function Messages({ thread }: { thread: Thread }) {
  const source = useInfiniteQuery(query.messages(thread.id));
  const end = useRef<HTMLDivElement>(null);
  const messages = source.data?.pages.flatMap((page) => page.data).reverse();
  const newest = messages?.at(-1)?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new message is what moves the view to the end.
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" });
  }, [newest]);
  if (!messages) {
    return source.error ? <Failure error={source.error} retry={() => void source.refetch()} /> : <Loading />;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys.
    <div className={style.messages} role="log" aria-label="Messages" tabIndex={0}>
      {source.hasNextPage && (
        <Button
          variant="subtle"
          size="xs"
          loading={source.isFetchingNextPage}
          onClick={() => void source.fetchNextPage()}
        >
          Show earlier messages
        </Button>
      )}
      {messages.map((message) => (
        <div key={message.id} className={style.message} data-direction={message.direction}>
          <div className={style.bubble}>
            {message.deletedAt ? <em>This message was deleted.</em> : message.content}
            {message.attachments.length > 0 && (
              <Text size="xs" mt={4}>
                {message.attachments.length === 1 ? "1 attachment" : `${message.attachments.length} attachments`}, to be
                seen on the platform
              </Text>
            )}
          </div>
          <div className={style.meta}>
            {senderOf(message)}
            <Moment at={message.createdAt} />
          </div>
        </div>
      ))}
      {messages.length === 0 && (
        <Text size="sm" c="dimmed" ta="center">
          Nothing was said yet.
        </Text>
      )}
      <NoAnswer thread={thread} messages={messages} />
      <div ref={end} />
    </div>
  );
}

function senderOf(message: Message): ReactNode {
  const by = message.sentBy;
  if (!by) return null;
  if (by.type === "campaign") {
    return (
      <>
        <Link to="/campaigns/$campaignId" params={{ campaignId: by.campaignId }} className="plain">
          by a campaign
        </Link>
        {" · "}
      </>
    );
  }
  if (by.type === "member") return `${by.member?.name ?? "a member"} · `;
  return `${by.token?.name ?? "by a program"} · `;
}

function Answer({ thread }: { thread: Thread }) {
  const [content, setContent] = useState("");
  // The same answer twice is one message: the key stays until it is known to have left.
  const key = useRef(newKey());
  const platforms = useQuery(query.platforms());
  const limit = platforms.data?.find(({ platform }) => platform === thread.platform)?.limits.characters ?? null;
  const answer = useAction({
    run: () =>
      take(
        api.POST("/api/v2/messages", {
          body: { target: { type: "thread", threadId: thread.id }, content },
          headers: { "Idempotency-Key": key.current },
        }),
      ),
    renews: ["threads"],
    isFailureShown: true,
    after: () => {
      key.current = newKey();
      setContent("");
    },
  });
  const isOffline = thread.accountLink?.status === "offline";
  return (
    <form
      className={style.answer}
      onSubmit={(event) => {
        event.preventDefault();
        if (content.trim()) answer.mutate();
      }}
    >
      {isOffline && (
        <Text size="sm" mb={6}>
          @{thread.accountLink?.username} is offline.{" "}
          <Anchor component={Link} to="/accounts" size="sm">
            Link it again
          </Anchor>{" "}
          to answer.
        </Text>
      )}
      {answer.error !== null && (
        <Text role="alert" size="sm" c="var(--mantine-color-error)" mb={6}>
          {inWords(answer.error)}
        </Text>
      )}
      <Group align="flex-end" wrap="nowrap" gap="sm">
        <Textarea
          aria-label="Your answer"
          placeholder={`Answer as @${thread.accountLink?.username}`}
          value={content}
          onChange={(event) => {
            setContent(event.currentTarget.value);
            if (answer.error) {
              answer.reset();
              key.current = newKey();
            }
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && content.trim() && !answer.isPending) {
              event.preventDefault();
              answer.mutate();
            }
          }}
          maxLength={limit ?? undefined}
          minRows={1}
          maxRows={8}
          autosize
          disabled={isOffline}
          flex={1}
        />
        <Button type="submit" loading={answer.isPending} disabled={!content.trim() || isOffline}>
          Send
        </Button>
      </Group>
      <Text size="xs" c="dimmed" mt={6}>
        Ctrl + Enter sends. Answers pass the same limits as campaigns.
      </Text>
    </form>
  );
}
