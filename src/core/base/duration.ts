/**
 * Lengths of time as people type them: `90m`, `1h30m`, `500ms`, `30d`; 0 needs no unit. Days have 24 hours; there are no months.
 * Points in time: `10m` (so long ago), `03:10` (the last such minute in UTC), RFC 3339.
 */
import { fail } from './errors.ts';
import { limits } from './limits.ts';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
type Unit = keyof typeof UNIT_MS;

const refuse = () => fail('E_USAGE', { why: 'expects a duration such as 500ms, 90s, 10m, 1h30m or 30d' });

/** Whole milliseconds. Throws E_USAGE, whose text does not repeat the input. */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d{1,15}(?:\.\d{1,6})?)(ms|s|m|h|d|w)/gy)];
  if (parts.length === 0 || parts.reduce((length, [part]) => length + part.length, 0) !== text.length) throw refuse();
  let total = 0;
  let last: number = Infinity;
  for (const [, count, unit] of parts) {
    const unitMs = UNIT_MS[unit as Unit];
    if (unitMs >= last) throw refuse();
    last = unitMs;
    total += Number(count) * unitMs;
  }
  if (total > limits.durationMsMax) throw fail('E_USAGE', { why: 'expects a duration of at most a hundred years' });
  return Math.round(total);
}

/** The two largest units: `1h30m`, `2d`, `850ms`. Exact only to those units; for people, not for files. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  let rest = Math.round(ms / 1_000) * 1_000;
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / UNIT_MS[unit]);
    rest -= count * UNIT_MS[unit];
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join('');
}

/** Exact: `1d2h3m4s5ms`, `0s`. Reading it gives the same number again. For whole milliseconds. */
export function exactDuration(ms: number): string {
  let rest = ms;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / UNIT_MS[unit]);
    rest -= count * UNIT_MS[unit];
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

const UNIT_WORDS = { d: 'day', h: 'hour', m: 'minute', s: 'second', ms: 'millisecond' } as const;

/** Exact, in words: `30 days`, `1 hour 30 minutes`. */
export const wordsOfDuration = (ms: number): string =>
  exactDuration(ms)
    .replace(/(\d+)(ms|[dhms])/g, (_, count: string, unit: keyof typeof UNIT_WORDS) => `${count} ${UNIT_WORDS[unit]}${count === '1' ? '' : 's'} `)
    .trimEnd();

const RFC3339 = /^\d{4}-\d{2}-\d{2}(?:[Tt ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/;

/**
 * ms since the epoch of a point in time. `direction` says where a bare duration points: `10m` is ten minutes ago for --since,
 * `7d` is in a week for --expires. A date alone is its midnight in UTC. Throws E_USAGE.
 */
export function parseTime(text: string, nowMs: number, direction: 'past' | 'future' = 'past'): number {
  const clock = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (clock !== null) {
    const today = Math.floor(nowMs / UNIT_MS.d) * UNIT_MS.d + Number(clock[1]) * UNIT_MS.h + Number(clock[2]) * UNIT_MS.m;
    if (direction === 'past') return today > nowMs ? today - UNIT_MS.d : today;
    return today < nowMs ? today + UNIT_MS.d : today;
  }
  if (RFC3339.test(text)) {
    const midnight = new Date(`${text.slice(0, 10)}T00:00:00Z`);
    const at = text.length === 10 ? midnight.getTime() : Date.parse(text.replace(' ', 'T').toUpperCase());
    // The engine rolls 2026-02-30 over to March; such a day does not exist.
    if (Number.isFinite(at) && midnight.toISOString().startsWith(text.slice(0, 10))) return at;
  } else if (/^\d+(?:\.\d+)?[a-z]|^0$/.test(text)) {
    const ms = parseDuration(text);
    return direction === 'past' ? nowMs - ms : nowMs + ms;
  }
  throw fail('E_USAGE', { why: 'expects a time such as 10m, 03:10 or 2026-11-23T10:00:00Z' });
}

/** ms since the epoch at which a message expires, 0 for `never`. Throws E_USAGE for what is no time to come. */
export function parseExpiry(text: string, nowMs: number): number {
  if (text === 'never') return 0;
  if (!/^\d/.test(text)) throw fail('E_USAGE', { why: 'expects a time to come, such as 7d or 2026-11-23T10:00:00Z, or never' });
  const atMs = parseTime(text, nowMs, 'future');
  if (atMs <= nowMs) throw fail('E_USAGE', { why: 'is over already: a message cannot expire before it is sent' });
  return atMs;
}
