/** Times of the store as answers have them. A record that was salvaged from a broken file may hold any number: no date is none. */
import { rfc3339 } from '../../core/base/clock.ts';

/** ECMA-262, Time Values. */
const DATE_MS_MAX = 8_640_000_000_000_000;

export const at = (ms: number): string => rfc3339(Math.min(Math.max(ms, 0), DATE_MS_MAX));

/** 0 and undefined are none. */
export const atOrNull = (ms: number | undefined): string | null => (ms === undefined || ms <= 0 || ms > DATE_MS_MAX ? null : rfc3339(ms));
