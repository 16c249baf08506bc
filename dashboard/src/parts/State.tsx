import type { ReactNode } from "react";
import type { Account, Campaign, LeadState } from "../api/types.ts";
import { ACCOUNT_STATES, CAMPAIGN_STATES, LEAD_STATES, type Tone } from "../words/states.ts";
import style from "./State.module.css";

/** A state as a dot of its tone and a word; the word alone says everything. */
export function State({
  tone,
  children,
  title,
  isLong = false,
}: {
  tone: Tone;
  children: ReactNode;
  title?: string | undefined;
  /** Takes more than a line where it must. */
  isLong?: boolean;
}) {
  return (
    <span className={style.state} data-long={isLong || undefined} title={title}>
      <span className={style.dot} data-tone={tone} aria-hidden="true" />
      {children}
    </span>
  );
}

export function LeadStateMark({ state }: { state: LeadState }) {
  const { tone, label, meaning } = LEAD_STATES[state];
  return (
    <State tone={tone} title={meaning}>
      {label}
    </State>
  );
}

export function CampaignState({ campaign }: { campaign: Pick<Campaign, "status" | "pauseReason"> }) {
  const { tone, label } = CAMPAIGN_STATES[campaign.status];
  return (
    <State tone={tone} title={campaign.pauseReason?.message}>
      {label}
    </State>
  );
}

export function AccountState({ status }: { status: Account["status"] }) {
  const { tone, label } = ACCOUNT_STATES[status];
  return <State tone={tone}>{label}</State>;
}
