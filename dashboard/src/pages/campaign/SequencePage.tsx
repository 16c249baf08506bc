import {
  ActionIcon,
  Alert,
  Button,
  Group,
  NumberInput,
  Paper,
  Radio,
  Select,
  Stack,
  Text,
  Tooltip,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useBlocker } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { api, take } from "../../api/client.ts";
import * as query from "../../api/queries.ts";
import type { Campaign, Column } from "../../api/types.ts";
import { useAction } from "../../parts/action.ts";
import { CloseIcon, CopyIcon, DownIcon, HandleIcon, UpIcon } from "../../parts/icons.tsx";
import { MessageEditor } from "../../parts/MessageEditor.tsx";
import { Section, Shown } from "../../parts/Page.tsx";
import { nameOf } from "../../parts/Person.tsx";
import { VARIABLES } from "../../words/message.ts";
import { counted } from "../../words/numbers.ts";
import { reason } from "../../words/states.ts";
import { copy, type Draft, drafts, faults, moved, newDelay, newLike, offsets, withMessage } from "../../words/steps.ts";
import { amountOf, secondsOf, type Unit } from "../../words/time.ts";
import { useVariableNames } from "./names.ts";
import style from "./Sequence.module.css";
import { SetupFoot } from "./SetupFoot.tsx";

const route = getRouteApi("/shell/campaigns/$campaignId/sequence");

/** The messages of a campaign and the waits between them, and how they read for real people. */
export function SequencePage() {
  const { campaignId } = route.useParams();
  const found = useQuery(query.campaign(campaignId));
  const columns = useQuery(query.campaignColumns(campaignId));
  return (
    <Shown query={found}>
      {(campaign) => (
        <Shown query={columns}>{(all) => <Editor key={campaign.id} campaign={campaign} columns={all} />}</Shown>
      )}
    </Shown>
  );
}

function Editor({ campaign, columns }: { campaign: Campaign; columns: Column[] }) {
  const [steps, setSteps] = useState<Draft[]>(() => drafts(campaign.sequence));
  const [base, setBase] = useState(campaign.sequence.version);
  const [isChanged, setChanged] = useState(false);
  const [areFaultsShown, showFaults] = useState(false);
  const [appliesTo, setAppliesTo] = useState<"all" | "new">("all");
  const [dragged, setDragged] = useState<number | null>(null);
  const platforms = useQuery(query.platforms());
  const names = { ...VARIABLES, ...Object.fromEntries(columns.map(({ id, name }) => [id, name])) };
  const wrong = faults(steps);
  const when = offsets(steps);
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
          <Radio.Group
            mt="lg"
            label="Leads that are under way already"
            value={appliesTo}
            onChange={(value) => setAppliesTo(value as "all" | "new")}
          >
            <Stack gap={6} mt={6}>
              <Radio
                value="all"
                label="go on with the new sequence"
                description="What they got counts as done; nobody gets the same text twice."
              />
              <Radio
                value="new"
                label="finish the sequence they began"
                description="Only those who begin later get the new one."
              />
            </Stack>
          </Radio.Group>
        )}
        {areFaultsShown && wrong.size > 0 && (
          <Text role="alert" size="sm" c="var(--mantine-color-error)" mt="md">
            Not saved yet: {counted(wrong.size, "step")} need{wrong.size === 1 ? "s" : ""} a look, marked above.
          </Text>
        )}
        <SetupFoot campaign={campaign} onSave={trySave} isSaving={save.isPending} isChanged={isChanged} />
      </div>
      <ReadingPane campaign={campaign} isChanged={isChanged} />
    </div>
  );
}

function StepFrame({
  draft,
  when,
  index,
  last,
  isDragged,
  onDrag,
  onDragOver,
  onMove,
  onCopy,
  onRemove,
  children,
}: {
  draft: Draft;
  when: string;
  index: number;
  last: number;
  isDragged: boolean;
  onDrag: (index: number | null) => void;
  onDragOver: () => void;
  onMove: (to: number) => void;
  onCopy: () => void;
  onRemove: () => void;
  children: ReactNode;
}) {
  const [isHeld, hold] = useState(false);
  const kind = { message: "Message", delay: "Wait", like: "Like" }[draft.step.type];
  const name = `${kind.toLowerCase()}, step ${index + 1}`;
  return (
    <li
      className={style.step}
      data-kind={draft.step.type}
      data-dragged={isDragged || undefined}
      draggable={isHeld}
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = "move";
        onDrag(index);
      }}
      onDragEnter={onDragOver}
      onDragOver={(event) => event.preventDefault()}
      onDragEnd={() => {
        hold(false);
        onDrag(null);
      }}
    >
      <div className={style.stepHead}>
        {/* Keys move a step by the arrows beside it; this is for the mouse alone. */}
        <span
          className={style.handle}
          aria-hidden="true"
          onPointerDown={() => hold(true)}
          onPointerUp={() => hold(false)}
        >
          <HandleIcon />
        </span>
        <Text size="sm" fw={600}>
          {kind}
        </Text>
        {draft.step.type !== "delay" && (
          <Text size="xs" c="dimmed">
            {when}
          </Text>
        )}
        <span className={style.stepDeeds}>
          <Deed label={`Move up: ${name}`} sign={<UpIcon />} isOff={index === 0} onClick={() => onMove(index - 1)} />
          <Deed
            label={`Move down: ${name}`}
            sign={<DownIcon />}
            isOff={index === last}
            onClick={() => onMove(index + 1)}
          />
          <Deed label={`Duplicate: ${name}`} sign={<CopyIcon />} onClick={onCopy} />
          <Deed label={`Remove: ${name}`} sign={<CloseIcon />} onClick={onRemove} />
        </span>
      </div>
      {children}
    </li>
  );
}

function Deed({
  label,
  sign,
  isOff = false,
  onClick,
}: {
  label: string;
  sign: ReactNode;
  isOff?: boolean;
  onClick: () => void;
}) {
  return (
    <Tooltip label={label.split(":")[0]}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} disabled={isOff} onClick={onClick}>
        {sign}
      </ActionIcon>
    </Tooltip>
  );
}

function StepBody({
  draft,
  names,
  limit,
  fault,
  onChange,
}: {
  draft: Draft;
  names: Record<string, string>;
  limit: number | null;
  fault: string | undefined;
  onChange: (step: Draft["step"]) => void;
}) {
  const { step } = draft;
  if (step.type === "message") {
    return (
      <MessageEditor
        label="Text of the message"
        segments={step.data.segments}
        names={names}
        limit={limit}
        error={fault}
        onChange={(segments) => onChange({ ...step, data: { segments } })}
      />
    );
  }
  if (step.type === "delay") {
    const { delaySeconds, unit } = step.data;
    return (
      <div>
        <Group gap="xs" wrap="nowrap">
          <NumberInput
            aria-label="How long to wait"
            w={90}
            min={1}
            value={amountOf(delaySeconds, unit)}
            onChange={(amount) => {
              const seconds = secondsOf(Number(amount), unit);
              if (seconds > 0) onChange({ ...step, data: { unit, delaySeconds: seconds } });
            }}
          />
          <Select
            aria-label="Unit of the wait"
            w={120}
            data={["minutes", "hours", "days", "weeks"]}
            allowDeselect={false}
            value={unit}
            onChange={(next) =>
              next &&
              onChange({
                ...step,
                data: { unit: next as Unit, delaySeconds: secondsOf(amountOf(delaySeconds, unit), next as Unit) },
              })
            }
          />
          <Text size="sm" c="dimmed">
            then, within the sending hours:
          </Text>
        </Group>
        {fault && (
          <Text size="xs" c="var(--mantine-color-error)" mt={4}>
            {fault}
          </Text>
        )}
      </div>
    );
  }
  return (
    <Text size="sm" c="dimmed">
      Likes the person's most recent post. X forbids automated likes to most apps: there the step is skipped, and the
      sequence goes on.
    </Text>
  );
}

/** How the saved messages read for people who are in the campaign. */
function ReadingPane({ campaign, isChanged }: { campaign: Campaign; isChanged: boolean }) {
  const leads = useInfiniteQuery(query.campaignLeads(campaign.id));
  const people = (leads.data?.pages.flatMap((page) => page.data) ?? []).filter((lead) => lead.profile.platformId);
  const [chosen, choose] = useState<string | null>(null);
  const variables = useVariableNames(campaign.id);
  const platformId = chosen ?? people[0]?.profile.platformId ?? null;
  const found = useQuery({ ...query.preview(campaign.id, platformId ?? ""), enabled: platformId !== null });
  return (
    <div className={style.pane}>
      <Section title="How it reads" bare>
        {platformId === null ? (
          <Text size="sm" c="dimmed">
            Once people are in the campaign, you see here what each of them would get.
          </Text>
        ) : (
          <>
            <Select
              aria-label="For whom"
              data={people.map(({ profile }) => ({ value: profile.platformId ?? "", label: nameOf(profile) }))}
              value={platformId}
              onChange={choose}
              allowDeselect={false}
              searchable
              mb="sm"
            />
            {isChanged && (
              <Text size="xs" c="dimmed" mb="sm">
                This is the sequence as saved. Save to see your changes.
              </Text>
            )}
            <Shown query={found}>
              {(preview) => (
                <Stack gap="sm">
                  {preview.messages.map((message) => (
                    <div key={message.stepId} className={style.bubble}>
                      {message.text ?? (
                        <em>
                          {message.reason
                            ? `Held: ${reason(message.reason, undefined, variables)}.`
                            : "Cannot be written yet."}
                        </em>
                      )}
                    </div>
                  ))}
                  {preview.messages.length === 0 && (
                    <Text size="sm" c="dimmed">
                      Nothing is saved yet.
                    </Text>
                  )}
                </Stack>
              )}
            </Shown>
          </>
        )}
      </Section>
    </div>
  );
}
