import { Group, NumberInput, Select, Text } from "@mantine/core";
import { MessageEditor } from "../../parts/MessageEditor.tsx";
import type { Draft } from "../../words/steps.ts";
import { amountOf, secondsOf, type Unit } from "../../words/time.ts";

/** What a step says or does, to be changed. */
export function StepBody({
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
