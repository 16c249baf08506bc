import { clock } from "./time.ts";

export type Hours = Record<string, { start: number; end: number }>;

export const WORKDAYS: Hours = Object.fromEntries([1, 2, 3, 4, 5].map((day) => [day, { start: 540, end: 1_020 }]));
export const ALWAYS: Hours = Object.fromEntries([0, 1, 2, 3, 4, 5, 6].map((day) => [day, { start: 0, end: 1_440 }]));

/** Messages an account may send for a campaign on a day, at most: the rate over the open hours, and its own limit. */
export function aDay(hours: Hours, day: number, rate: number, dailyLimit: number): number {
  const open = hours[day];
  if (!open) return 0;
  return Math.min(Math.floor(((open.end - open.start) / 60) * rate), dailyLimit);
}

export function aWeek(hours: Hours, rate: number, dailyLimit: number): number {
  return [0, 1, 2, 3, 4, 5, 6].reduce((sum, day) => sum + aDay(hours, day, rate, dailyLimit), 0);
}

export function spoken(hours: { start: number; end: number }): string {
  if (hours.start === 0 && hours.end === 1_440) return "all day";
  return `${clock(hours.start)} – ${clock(hours.end)}`;
}
