/** Counts as people read them, in answers and in errors alike. The JSON has them as numbers. */

/** Thousands apart by commas; by hand, since the locale's own way starts ICU. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 message`, `1,204 messages`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`;
}

/** The subject of a sentence in the singular: `a`, `each of a, b`. */
export const eachOf = (names: readonly string[]): string => (names.length === 1 ? names.join('') : `each of ${names.join(', ')}`);
