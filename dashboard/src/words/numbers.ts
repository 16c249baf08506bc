const whole = new Intl.NumberFormat("en-GB");
const share = new Intl.NumberFormat("en-GB", { style: "percent", maximumFractionDigits: 1 });

/** A count as people read it: 12 400 with thin spaces. */
export function count(value: number): string {
  return whole.format(value).replaceAll(",", "\u2009");
}

/** A share between 0 and 1 as a percentage. */
export function percent(value: number): string {
  return share.format(value);
}

/** A count with its noun: 1 lead, 2 leads. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** An amount of money in a currency. */
export function money(value: number, currency: string): string {
  return new Intl.NumberFormat("en-GB", { style: "currency", currency }).format(value);
}
