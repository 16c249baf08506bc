import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { Message, Thread } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";

/** Where an answer has stopped a campaign's sequence, the way to say that it is none, such as an absence note. */
export function NoAnswer({ thread, messages }: { thread: Thread; messages: Message[] }) {
  const written = messages.findLast(({ sentBy }) => sentBy?.type === "campaign");
  const read = messages.findLast(({ direction }) => direction === "inbound");
  const platformId = thread.profile?.platformId;
  if (written?.sentBy?.type !== "campaign" || !read || !platformId) return null;
  return <GoOn campaignId={written.sentBy.campaignId} platformId={platformId} messageId={read.id} />;
}

function GoOn({ campaignId, platformId, messageId }: { campaignId: string; platformId: string; messageId: string }) {
  const lead = useQuery({ ...query.campaignLead(campaignId, platformId), retry: false });
  const goOn = useAction({
    run: () =>
      take(
        api.POST("/api/v2/campaigns/{campaign_id}/leads/{identifier}/continue", {
          params: { path: { campaign_id: campaignId, identifier: platformId } },
          body: { messageId },
        }),
      ),
    renews: ["campaigns", "threads"],
    done: "The campaign goes on with this person where it stood.",
  });
  if (lead.data?.state !== "replied") return null;
  return (
    <div>
      <Text size="xs" c="dimmed">
        This answer stopped the campaign&rsquo;s messages to them.
      </Text>
      <Button variant="subtle" size="compact-xs" loading={goOn.isPending} onClick={() => goOn.mutate()}>
        Not an answer: go on
      </Button>
    </div>
  );
}
