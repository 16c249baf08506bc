import { Radio, Stack, Text, TextInput } from "@mantine/core";
import type { ConsentBasis } from "../api/types.ts";
import { BASES } from "../words/consent.ts";

export type ConsentAnswer = { basis: ConsentBasis | "none" | null; evidence: string };

/** The consent that an answer records; null where people do not know the team. */
export function consentOf({ basis, evidence }: ConsentAnswer): { basis: ConsentBasis; evidence: string } | null {
  return basis === null || basis === "none" ? null : { basis, evidence };
}

export function isAnswered({ basis, evidence }: ConsentAnswer): boolean {
  return basis === "none" || (basis !== null && evidence.trim() !== "");
}

/** How do these people know you? Asked once for all who are added together. */
export function ConsentQuestion({
  value,
  onChange,
}: {
  value: ConsentAnswer;
  onChange: (value: ConsentAnswer) => void;
}) {
  const chosen = value.basis && value.basis !== "none" ? BASES[value.basis] : null;
  return (
    <Stack gap="sm">
      <Radio.Group
        label="How do these people know you?"
        description="Recorded for each of them. X allows automated messages only to people who wrote first or agreed."
        value={value.basis}
        onChange={(basis) => onChange({ ...value, basis: basis as ConsentAnswer["basis"] })}
      >
        <Stack gap={8} mt="sm">
          {Object.entries(BASES).map(([basis, { label }]) => (
            <Radio key={basis} value={basis} label={label} />
          ))}
          <Radio value="none" label="They don't" />
        </Stack>
      </Radio.Group>
      {chosen && (
        <TextInput
          label="What shows it?"
          description="A sentence or a link."
          placeholder={chosen.evidence}
          value={value.evidence}
          onChange={(event) => onChange({ ...value, evidence: event.currentTarget.value })}
          maxLength={1000}
          required
        />
      )}
      {value.basis === "none" && (
        <Text size="sm" c="dimmed">
          They come onto the list, and campaigns leave them out until one of these changes: a person writes to the
          account that would write, or you record that they agreed.
        </Text>
      )}
    </Stack>
  );
}
