import { Radio, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import * as query from "../../api/queries.ts";
import type { StepBody } from "../../api/types.ts";
import { counted } from "../../words/numbers.ts";

const TYPING_MILLISECONDS = 400;

export type AppliesTo = "all" | "new";

/** Who is to take a new sequence, and how many that are, said before it is saved. `steps`: null while some are faulty. */
export function Effect({
  campaignId,
  steps,
  appliesTo,
  onChange,
}: {
  campaignId: string;
  steps: StepBody[] | null;
  appliesTo: AppliesTo;
  onChange: (appliesTo: AppliesTo) => void;
}) {
  const [settled] = useDebouncedValue(steps, TYPING_MILLISECONDS);
  const found = useQuery({ ...query.sequenceEffect(campaignId, settled ?? [], appliesTo), enabled: settled !== null });
  const affected = found.data?.affected;
  return (
    <>
      <Radio.Group
        mt="lg"
        label="Leads that are under way already"
        value={appliesTo}
        onChange={(value) => onChange(value as AppliesTo)}
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
      {affected && (
        <Text size="sm" mt="sm" role="status">
          Saved now, {counted(affected.inSequence, "lead")} under way and {counted(affected.ready, "lead")} still to
          begin would take it. {counted(affected.ended, "lead")} through with theirs would get nothing more.
        </Text>
      )}
    </>
  );
}
