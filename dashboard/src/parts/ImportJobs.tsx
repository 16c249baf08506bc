import { Anchor, Button, Group, Paper, Progress, Stack, Text } from "@mantine/core";
import { api, take } from "../api/client.ts";
import type { ImportJob } from "../api/types.ts";
import { count, counted } from "../words/numbers.ts";
import type { Tone } from "../words/states.ts";
import { useAction } from "./action.ts";
import { Moment } from "./Moment.tsx";
import { State } from "./State.tsx";

export const JOBS: Record<ImportJob["status"], { label: string; tone: Tone; isOver: boolean }> = {
  queued: { label: "Waiting to begin", tone: "quiet", isOver: false },
  starting: { label: "Beginning", tone: "running", isOver: false },
  running: { label: "Running", tone: "running", isOver: false },
  paused: { label: "Paused", tone: "care", isOver: false },
  completed: { label: "Done", tone: "good", isOver: true },
  failed: { label: "Failed", tone: "bad", isOver: true },
  canceled: { label: "Canceled", tone: "quiet", isOver: true },
};

const SHOWN = 3;

/** The latest imports: how far they are, what was not taken, and, where there is one, the way back. */
export function ImportJobs({ jobs, mayUndo = true }: { jobs: ImportJob[]; mayUndo?: boolean }) {
  if (!jobs.length) return null;
  return (
    <Stack gap="sm" mb="lg" aria-label="Imports">
      {jobs.slice(0, SHOWN).map((job) => (
        <Job key={job.id} job={job} mayUndo={mayUndo} />
      ))}
    </Stack>
  );
}

function Job({ job, mayUndo }: { job: ImportJob; mayUndo: boolean }) {
  const path = { list_id: job.listId, job_id: job.id };
  const cancel = useAction({
    run: () => take(api.POST("/api/v2/lists/{list_id}/import-jobs/{job_id}/cancel", { params: { path } })),
    renews: ["imports", "lists"],
    done: mayUndo
      ? "Canceled. What was taken before stays; undo takes it back."
      : "Canceled. What was taken before stays.",
  });
  const undo = useAction({
    run: () => take(api.POST("/api/v2/lists/{list_id}/import-jobs/{job_id}/undo", { params: { path } })),
    renews: ["imports", "lists"],
    done: "Taken back. What somebody has changed since stays.",
  });
  const { label, tone, isOver } = JOBS[job.status];
  const done = job.totalCount ? (job.processedCount / job.totalCount) * 100 : isOver ? 100 : 0;
  return (
    <Paper p="sm" px="md">
      <Group justify="space-between" gap="sm">
        <Group gap="md">
          <State tone={job.undoneAt ? "quiet" : tone}>
            {job.undoneAt ? "Taken back" : job.checkOnly ? `Check only: ${label.toLowerCase()}` : label}
          </State>
          <Text size="sm" className="figures">
            {count(job.addedCount)} {job.checkOnly ? "would be added" : "added"} · {count(job.skippedCount)} there
            already · {count(job.failedCount)} not taken
          </Text>
          <Text size="xs" c="dimmed">
            <Moment at={job.createdAt} />
          </Text>
        </Group>
        <Group gap="xs">
          {job.failedCount > 0 && isOver && (
            <Anchor size="sm" href={`/api/v2/lists/${job.listId}/import-jobs/${job.id}/rejects.csv`}>
              Download {counted(job.failedCount, "row")} to mend
            </Anchor>
          )}
          {!isOver && (
            <Button size="xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
              Cancel
            </Button>
          )}
          {mayUndo && isOver && !job.checkOnly && !job.undoneAt && job.status !== "failed" && (
            <Button size="xs" variant="default" loading={undo.isPending} onClick={() => undo.mutate()}>
              Undo
            </Button>
          )}
        </Group>
      </Group>
      {!isOver && (
        <Progress
          value={done}
          mt="sm"
          animated
          aria-label={`Rows read: ${job.processedCount} of ${job.totalCount ?? "an unknown number"}`}
        />
      )}
      {job.error && (
        <Text size="sm" mt={6} c={job.status === "failed" ? "var(--mantine-color-error)" : "dimmed"}>
          {job.error}
        </Text>
      )}
    </Paper>
  );
}
