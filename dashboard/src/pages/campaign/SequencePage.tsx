import { Alert, Button, Group, Paper, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useBlocker } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { Campaign } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { Shown } from "../../parts/Page.tsx";
import { counted } from "../../words/numbers.ts";
import { copy, type Draft, drafts, faults, moved, newDelay, newLike, offsets, withMessage } from "../../words/steps.ts";
import { type AppliesTo, Effect } from "./Effect.tsx";
import { useVariableNames } from "./names.ts";
import { ReadingPane } from "./ReadingPane.tsx";
import style from "./Sequence.module.css";
import { SetupFoot } from "./SetupFoot.tsx";
import { StepBody } from "./StepBody.tsx";
import { StepFrame } from "./StepFrame.tsx";

const route = getRouteApi("/shell/campaigns/$campaignId/sequence");

/** The messages of a campaign and the waits between them, and how they read for real people. */
export function SequencePage() {
  const { campaignId } = route.useParams();
  const found = useQuery(query.campaign(campaignId));
  const columns = useQuery(query.campaignColumns(campaignId));
  return (
    <Shown query={found}>
      {(campaign) => <Shown query={columns}>{() => <Editor key={campaign.id} campaign={campaign} />}</Shown>}
    </Shown>
  );
}

function Editor({ campaign }: { campaign: Campaign }) {
  const [steps, setSteps] = useState<Draft[]>(() => drafts(campaign.sequence));
  const [base, setBase] = useState(campaign.sequence.version);
  const [isChanged, setChanged] = useState(false);
  const [areFaultsShown, showFaults] = useState(false);
  const [appliesTo, setAppliesTo] = useState<AppliesTo>("all");
  const [dragged, setDragged] = useState<number | null>(null);
  const platforms = useQuery(query.platforms());
  const names = useVariableNames(campaign.id);
  const wrong = faults(steps);
  const when = offsets(steps);
  const whole = steps.filter(({ key, step }) => step.type === "message" && !wrong.has(key)).map(({ step }) => step);
  const isOlder = isChanged && campaign.sequence.version !== base;

  // Saved elsewhere while nothing was changed here: what is shown follows.
  useEffect(() => {
    if (isChanged || campaign.sequence.version === base) return;
    setSteps(drafts(campaign.sequence));
    setBase(campaign.sequence.version);
  }, [campaign.sequence, base, isChanged]);

  useBlocker({
    shouldBlockFn: () =>
      isChanged && !window.confirm("The sequence has changes that are not saved. Leave them behind?"),
    enableBeforeUnload: isChanged,
  });

  const edit = (next: Draft[]) => {
    setSteps(next);
    setChanged(true);
  };
  const at = (index: number, next: Draft[]) => edit(steps.flatMap((step, place) => (place === index ? next : [step])));

  function remove(index: number): void {
    const before = steps;
    at(index, []);
    const id = notifications.show({
      message: (
        <Group justify="space-between" wrap="nowrap">
          <span>The step is removed.</span>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => {
              edit(before);
              notifications.hide(id);
            }}
          >
            Undo
          </Button>
        </Group>
      ),
    });
  }

  const save = useAction({
    run: () =>
      take(
        api.PUT("/api/v2/campaigns/{campaign_id}/sequence", {
          params: { path: { campaign_id: campaign.id } },
          body: { steps: steps.map(({ step }) => step), appliesTo },
        }),
      ),
    renews: ["campaigns"],
    done: ({ version, affected }) =>
      affected.ready + affected.inSequence > 0
        ? `Saved as version ${version}: ${counted(affected.inSequence, "lead")} under way, ${affected.ready} still to begin.`
        : `Saved as version ${version}.`,
    after: (saved) => {
      setSteps(drafts(saved));
      setBase(saved.version);
      setChanged(false);
      showFaults(false);
    },
  });

  async function trySave(): Promise<boolean> {
    if (wrong.size) {
      showFaults(true);
      return false;
    }
    if (!isChanged) return true;
    return save.mutateAsync().then(
      () => true,
      () => false,
    );
  }

  return (
    <div className={style.page}>
      <div>
        {isOlder && (
          <Alert color="orange" mb="md" title="Somebody else has saved this sequence">
            <Group justify="space-between">
              <span>What you save now replaces theirs.</span>
              <Button
                variant="default"
                size="xs"
                onClick={() => {
                  setSteps(drafts(campaign.sequence));
                  setBase(campaign.sequence.version);
                  setChanged(false);
                }}
              >
                Take theirs
              </Button>
            </Group>
          </Alert>
        )}
        {steps.length === 0 && (
          <Paper p="xl" ta="center">
            <Text fw={600}>What do you want to say?</Text>
            <Text size="sm" c="dimmed" mt={4} mb="md">
              Start with one short message. Waits and follow-ups come after it; whoever answers gets nothing more.
            </Text>
            <Button onClick={() => edit(withMessage([]))}>Write the first message</Button>
          </Paper>
        )}
        <ol className={style.steps}>
          {steps.map((draft, index) => (
            <StepFrame
              key={draft.key}
              draft={draft}
              when={when[index] ?? ""}
              index={index}
              last={steps.length - 1}
              isDragged={dragged === index}
              onDrag={setDragged}
              onDragOver={() => {
                if (dragged === null || dragged === index) return;
                edit(moved(steps, dragged, index));
                setDragged(index);
              }}
              onMove={(to) => edit(moved(steps, index, to))}
              onCopy={() => at(index, [draft, copy(draft)])}
              onRemove={() => remove(index)}
            >
              <StepBody
                draft={draft}
                names={names}
                limit={platforms.data?.[0]?.limits.characters ?? null}
                fault={areFaultsShown || draft.step.type === "delay" ? wrong.get(draft.key) : undefined}
                onChange={(step) => at(index, [{ ...draft, step }])}
              />
            </StepFrame>
          ))}
        </ol>
        {steps.length > 0 && (
          <Group gap="xs" mt="md">
            <Button variant="default" onClick={() => edit(withMessage(steps))}>
              + Follow-up
            </Button>
            <Button variant="subtle" onClick={() => edit([...steps, newDelay()])}>
              + Wait
            </Button>
            <Button variant="subtle" onClick={() => edit([...steps, newLike()])}>
              + Like
            </Button>
          </Group>
        )}
        {campaign.status !== "draft" && isChanged && (
          <Effect
            campaignId={campaign.id}
            steps={wrong.size ? null : steps.map(({ step }) => step)}
            appliesTo={appliesTo}
            onChange={setAppliesTo}
          />
        )}
        {areFaultsShown && wrong.size > 0 && (
          <Text role="alert" size="sm" c="var(--mantine-color-error)" mt="md">
            Not saved yet: {counted(wrong.size, "step")} need{wrong.size === 1 ? "s" : ""} a look, marked above.
          </Text>
        )}
        <SetupFoot campaign={campaign} onSave={trySave} isSaving={save.isPending} isChanged={isChanged} />
      </div>
      <ReadingPane campaign={campaign} unsaved={isChanged ? whole : null} />
    </div>
  );
}
