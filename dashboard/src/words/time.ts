export const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;
/** Weeks are shown from Monday, as most people read them. */
export const WEEK = [1, 2, 3, 4, 5, 6, 0] as const;

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** An instant in the reader's own zone, with the year only where it is not this one. */
export function moment(at: string, options: { zone?: string; now?: Date } = {}): string {
  const date = new Date(at);
  const year = (options.now ?? new Date()).getFullYear() === date.getFullYear() ? {} : { year: "numeric" as const };
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: options.zone ?? here,
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    ...year,
  }).format(date);
}

/** A day without its time. */
export function day(at: string, zone: string = here): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", year: "numeric" }).format(
    new Date(at),
  );
}

/** A minute of the day as on a clock: 540 is 09:00, 1440 is 24:00. */
export function clock(minute: number): string {
  const hours = Math.floor(minute / 60);
  return `${String(hours).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** The minute of the day that a clock's face means, or null. */
export function minuteOf(face: string): number | null {
  const parts = /^(\d{1,2}):(\d{2})$/.exec(face.trim());
  if (!parts) return null;
  const minute = Number(parts[1]) * 60 + Number(parts[2]);
  return Number(parts[2]) < 60 && minute <= 1440 ? minute : null;
}

/** The time now in a zone, as on a clock there. */
export function clockIn(zone: string, now: Date = new Date()): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
  }).format(now);
}

const UNITS = { minutes: 60, hours: 3_600, days: 86_400, weeks: 604_800 } as const;
export type Unit = keyof typeof UNITS;

export function secondsOf(amount: number, unit: Unit): number {
  return Math.round(amount * UNITS[unit]);
}

/** A wait in the unit it was given in: 1 day, 36 hours. */
export function wait(seconds: number, unit: Unit): string {
  const amount = Math.round((seconds / UNITS[unit]) * 100) / 100;
  return `${amount} ${amount === 1 ? unit.slice(0, -1) : unit}`;
}

export function amountOf(seconds: number, unit: Unit): number {
  return Math.round((seconds / UNITS[unit]) * 100) / 100;
}
