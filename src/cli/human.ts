/** Numbers, times and counts as people read them. The JSON has them exact. */
import { homedir } from 'node:os';
import { sep } from 'node:path';
import { formatDuration } from '../core/base/duration.ts';
import { formatSize } from '../core/base/size.ts';

export { count, grouped } from '../core/base/count.ts';
export { formatDuration as duration, formatSize as size };

/** `2026-11-24 08:39Z` of RFC 3339 text or milliseconds; `-` for nothing. Always UTC: operators compare machines. */
export function when(at: string | number | undefined | null): string {
  if (at === undefined || at === null || at === 0) return '-';
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

/** `2026-11-24`, in UTC. */
export const day = (at: string | number | undefined | null): string => when(at).slice(0, 10);

/** A path below the user's home directory begins with `~`, as shells write it. */
export function tilde(path: string): string {
  const home = homedir();
  return home !== sep && path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}

/** `31 %`, `99.2 %`. */
export const percent = (share: number): string => `${share >= 0.995 || share === 0 ? Math.round(share * 100) : (share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

/** The other way round, for what a person typed. */
export const untilde = (path: string): string => (path === '~' || path.startsWith(`~${sep}`) ? homedir() + path.slice(1) : path);

export const yesNo = (claim: boolean): string => (claim ? 'yes' : 'no');
