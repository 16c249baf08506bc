import type { Readable } from "openapi-typescript-helpers";
import type { components, paths } from "./schema.d.ts";

type Schemas = components["schemas"];

/** An object of the API as the client reads it. */
type Read<Name extends keyof Schemas> = Readable<Schemas[Name]>;

export type Account = Read<"AccountAnswer">;
export type Analytics = Read<"AnalyticsAnswer">;
export type Attention = Read<"AttentionAnswer">;
export type Automation = Read<"AutomationAnswer">;
export type Budget = Read<"BudgetAnswer">;
export type Campaign = Read<"CampaignAnswer">;
export type CampaignSort = NonNullable<NonNullable<paths["/api/v2/campaigns"]["get"]["parameters"]["query"]>["sort"]>;
export type CampaignLead = Read<"CampaignLeadAnswer">;
export type Column = Read<"ListColumnAnswer">;
export type Contact = Read<"ContactAnswer">;
export type ConsentBasis = Schemas["ConsentBody"]["basis"];
export type Decision = Schemas["Decision"];
export type Event = Read<"EventAnswer">;
export type Folder = Schemas["Folder"];
export type ImportJob = Read<"ImportJobAnswer">;
export type Invitation = Read<"InvitationAnswer">;
export type Issue = Read<"IssueAnswer">;
export type LeadStage = Schemas["LeadStage"];
export type LeadState = Schemas["LeadState"];
export type List = Read<"ListAnswer">;
export type ListLead = Read<"ListLeadAnswer">;
export type Member = Read<"MemberAnswer">;
export type Message = Read<"MessageAnswer">;
export type Preflight = Read<"PreflightAnswer">;
export type Preview = Read<"PreviewAnswer">;
export type Profile = Read<"ProfileAnswer">;
export type Rehearsal = Read<"RehearsalAnswer">;
export type RehearseBody = Schemas["RehearseBody"];
export type RulesBody = Schemas["RulesBody"];
export type Status = Read<"StatusAnswer">;
export type StepBody = Schemas["ReplaceSequence"]["steps"][number];
export type Tag = Read<"TagAnswer">;
export type Team = Read<"TeamAnswer">;
export type TeamOverview = Read<"TeamOverviewAnswer">;
export type Thread = Read<"ThreadAnswer">;
export type TimelineEntry = Read<"TimelineEntry">;
