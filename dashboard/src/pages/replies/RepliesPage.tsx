import { Button, Select } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Outlet, useParams } from "@tanstack/react-router";
import * as query from "../../api/queries.ts";
import type { Folder, Thread } from "../../api/types.ts";
import { DownloadCsv } from "../../parts/DownloadCsv.tsx";
import { Empty, Failure, Loading, PageHead } from "../../parts/Page.tsx";
import { nameOf } from "../../parts/Person.tsx";
import { SearchBox } from "../../parts/SearchBox.tsx";
import { FOLDERS } from "../../words/search.ts";
import { moment } from "../../words/time.ts";
import style from "./Replies.module.css";

const route = getRouteApi("/shell/replies");

/** Every conversation, newest first, and beside it the one that is open. */
export function RepliesPage() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const { threadId } = useParams({ strict: false });
  const folder = filter.folder ?? "inbox";
  const source = useInfiniteQuery(query.threads({ ...filter, folder }));
  const statuses = useQuery(query.statuses());
  const threads = source.data?.pages.flatMap((page) => page.data);
  return (
    <>
      <PageHead title="Replies" actions={<DownloadCsv from="/api/v2/threads.csv" query={{ ...filter, folder }} />} />
      <div className={style.page} data-open={threadId !== undefined || undefined}>
        <div className={style.list}>
          <div className={style.filters}>
            <SearchBox
              label="Search by name, or by words they wrote"
              placeholder="Search names and words"
              value={filter.q}
              change={(q) => void navigate({ search: (old) => ({ ...old, q }), replace: true })}
            />
            <div className={style.two}>
              <Select
                aria-label="Which conversations"
                data={Object.entries(FOLDERS).map(([value, label]) => ({ value, label }))}
                value={folder}
                allowDeselect={false}
                onChange={(value) =>
                  void navigate({
                    search: (old) => ({ ...old, folder: value === "inbox" ? undefined : (value as Folder) }),
                  })
                }
              />
              <Select
                aria-label="Only with people in this status"
                placeholder="Any status"
                data={(statuses.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
                value={filter.status?.[0] ?? null}
                onChange={(value) =>
                  void navigate({ search: (old) => ({ ...old, status: value ? [value] : undefined }) })
                }
                clearable
              />
            </div>
          </div>
          {threads === undefined ? (
            source.error ? (
              <Failure error={source.error} retry={() => void source.refetch()} />
            ) : (
              <Loading rows={6} />
            )
          ) : threads.length === 0 ? (
            <Nothing isFiltered={Boolean(filter.q || filter.status || filter.folder)} />
          ) : (
            <ul className={style.threads} aria-label="Conversations">
              {threads.map((thread) => (
                <li key={thread.id}>
                  <Row thread={thread} />
                </li>
              ))}
            </ul>
          )}
          {source.hasNextPage && (
            <Button
              variant="subtle"
              fullWidth
              loading={source.isFetchingNextPage}
              onClick={() => void source.fetchNextPage()}
            >
              Show more
            </Button>
          )}
        </div>
        <div className={style.thread}>
          {threadId === undefined ? (
            <Empty title="Choose a conversation">What was said in it appears here, with a box to answer.</Empty>
          ) : (
            <Outlet />
          )}
        </div>
      </div>
    </>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="Nothing here">Look in another folder, or search for other words.</Empty>;
  return (
    <Empty title="No answers yet">
      When a person answers a campaign, the conversation comes here, and nothing more is sent to them by itself.
    </Empty>
  );
}

function Row({ thread }: { thread: Thread }) {
  const { profile, activity } = thread;
  return (
    <Link
      to="/replies/$threadId"
      params={{ threadId: thread.id }}
      search={true}
      className={style.row}
      activeProps={{ "aria-current": "page" }}
    >
      <span className={style.rowHead}>
        <span className={style.who}>
          {thread.unread && <span className={style.unread} role="img" aria-label="Unread" />}
          {profile ? nameOf(profile) : "Unknown"}
        </span>
        {activity && <time className={style.when}>{moment(activity.at)}</time>}
      </span>
      <span className={style.preview}>
        {activity?.direction === "outbound" && "You: "}
        {activity?.preview ?? "No message yet"}
      </span>
      <span className={style.rowFoot}>@{thread.accountLink?.username}</span>
    </Link>
  );
}
