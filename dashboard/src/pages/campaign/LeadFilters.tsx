import { Group, MultiSelect, Pill } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { LeadFilter } from "../../api/queries.ts";
import * as query from "../../api/queries.ts";
import type { LeadState } from "../../api/types.ts";
import { SearchBox } from "../../parts/SearchBox.tsx";
import { LEAD_STAGES, LEAD_STATES, REASONS, reason } from "../../words/states.ts";
import { useStepNames } from "./names.ts";

/** Which leads are shown; `children` is what can be done with them. */
export function LeadFilters({
  campaignId,
  filter,
  change,
  children,
}: {
  campaignId: string;
  filter: LeadFilter;
  change: (part: LeadFilter, how?: { replace: boolean }) => void;
  children: ReactNode;
}) {
  const accounts = useQuery(query.accounts());
  const statuses = useQuery(query.statuses());
  const campaign = useQuery(query.campaign(campaignId));
  const steps = [...useStepNames(campaign.data)].map(([value, text], number) => ({
    value,
    label: `${number + 1} · ${text}`,
  }));
  // What an address names and nobody would choose can be seen, and taken away, all the same.
  const reasons = [...new Set([...Object.keys(REASONS), ...(filter.reason ?? [])])];
  return (
    <>
      <Group mb="md" gap="sm" align="flex-end">
        <SearchBox
          label="Search leads by username or name"
          placeholder="Search"
          value={filter.q}
          change={(q) => change({ q }, { replace: true })}
          width={160}
        />
        <Choice
          label="Only leads in these states"
          any="Any state"
          data={Object.entries(LEAD_STATES).map(([value, { label }]) => ({ value, label }))}
          value={filter.state}
          change={(state) => change({ state: state as LeadState[] | undefined })}
        />
        <Choice
          label="Only leads for these reasons"
          any="Any reason"
          data={reasons.map((value) => ({ value, label: reason(value) }))}
          value={filter.reason}
          change={(chosen) => change({ reason: chosen })}
        />
        <Choice
          label="Only leads whose next step is one of these"
          any="Any next step"
          data={steps}
          value={filter.stepId}
          change={(stepId) => change({ stepId })}
        />
        <Choice
          label="Only leads of these accounts"
          any="Any account"
          data={(accounts.data ?? []).map((account) => ({ value: account.id, label: `@${account.username}` }))}
          value={filter.accountLinkId}
          change={(accountLinkId) => change({ accountLinkId })}
        />
        <Choice
          label="Only people with one of these statuses"
          any="Any status"
          data={[
            ...(statuses.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
            { value: "none", label: "Without a status" },
          ]}
          value={filter.statusId}
          change={(statusId) => change({ statusId })}
        />
        {children}
      </Group>
      <Narrowed filter={filter} steps={steps} change={change} />
    </>
  );
}

function Choice({
  label,
  any,
  data,
  value,
  change,
}: {
  label: string;
  any: string;
  data: { value: string; label: string }[];
  value: string[] | undefined;
  change: (value: string[] | undefined) => void;
}) {
  return (
    <MultiSelect
      aria-label={label}
      placeholder={value ? undefined : any}
      data={data}
      value={value ?? []}
      onChange={(chosen) => change(chosen.length ? chosen : undefined)}
      comboboxProps={{ width: "max-content", position: "bottom-start" }}
      clearable
      miw={140}
      maw={360}
    />
  );
}

/** What a number of the results has narrowed the leads down to. */
function Narrowed({
  filter,
  steps,
  change,
}: {
  filter: LeadFilter;
  steps: { value: string; label: string }[];
  change: (part: LeadFilter) => void;
}) {
  const step = filter.sentStepId ?? filter.answeredStepId;
  const named = steps.find(({ value }) => value === step)?.label ?? "a step of before";
  const option = filter.option ? `, option ${Number(filter.option.split("-")[1]) + 1}` : "";
  if (!filter.stage && !step) return null;
  return (
    <Group gap="xs" mb="md">
      {filter.stage && (
        <Pill withRemoveButton onRemove={() => change({ stage: undefined })} {...removal("how far they have come")}>
          {LEAD_STAGES[filter.stage]}
        </Pill>
      )}
      {step && (
        <Pill
          withRemoveButton
          onRemove={() => change({ sentStepId: undefined, answeredStepId: undefined, option: undefined })}
          {...removal("what they got")}
        >
          {filter.sentStepId ? "Got" : "Answered"} {named}
          {option}
        </Pill>
      )}
    </Group>
  );
}

function removal(what: string) {
  return { removeButtonProps: { "aria-label": `Show leads whatever ${what}`, "aria-hidden": false, tabIndex: 0 } };
}
