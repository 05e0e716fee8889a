/**
 * What a doctor is given, and how one thing after the other is looked at. Everything may be down: what cannot be opened is a finding,
 * and what depends on it is passed over with a word.
 */
import type { Clock } from '../../base/clock.ts';
import type { Values } from '../../base/config.ts';
import { isError, type ErrorCode, type OmniplexError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import type { Home } from '../../home/index.ts';
import type { Store } from '../../storage/store.ts';

export type Verdict = 'ok' | 'warn' | 'fail' | 'skip';

export interface Finding {
  /** The name of the check: a promise, as codes are. */
  readonly check: string;
  readonly verdict: Verdict;
  /** Names nobody: a report of findings may be given away. */
  readonly says: string;
  /** What to do; present wherever the verdict is warn or fail. */
  readonly advice?: string | undefined;
  readonly code?: ErrorCode | undefined;
  /** Identities, contacts and the like that it is about. Stays on this machine. */
  readonly about?: readonly string[];
}

export interface DoctorRoom {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly settings: Values;
  readonly context: string | undefined;
  readonly configPath: string;
  /** Why the settings are the defaults. */
  readonly settingsError?: OmniplexError | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opened once, by whoever needs it first. Fails again for everybody after. */
export interface Patients {
  readonly home: () => Promise<Home>;
  readonly store: () => Promise<Store>;
}

export interface Examination {
  readonly check: string;
  readonly needs?: keyof Patients;
  readonly look: (room: DoctorRoom, patients: Patients) => Promise<Omit<Finding, 'check'>>;
}

export const ok = (says: string, about?: readonly string[]): Omit<Finding, 'check'> => ({ verdict: 'ok', says, ...(about && { about }) });
export const warn = (says: string, advice: string, more: Partial<Finding> = {}): Omit<Finding, 'check'> => ({ verdict: 'warn', says, advice, ...more });
export const bad = (says: string, advice: string, more: Partial<Finding> = {}): Omit<Finding, 'check'> => ({ verdict: 'fail', says, advice, ...more });

export const failure = (error: unknown): Omit<Finding, 'check'> =>
  isError(error)
    ? bad(error.message, error.hint, { code: error.code })
    : bad('this check itself broke', 'Please report it; `omniplex doctor -v` shows where.', { code: 'E_BUG' });

/** Looks, whatever happens. What an abort ends is the caller's to tell. */
export async function examine(room: DoctorRoom, patients: Patients, { check, needs, look }: Examination): Promise<Finding> {
  room.signal?.throwIfAborted();
  if (needs !== undefined && !(await opens(patients[needs]))) return { check, verdict: 'skip', says: `not looked at, since the ${needs} does not open` };
  try {
    return { check, ...(await look(room, patients)) };
  } catch (error) {
    if (room.signal?.aborted === true) throw error;
    return { check, ...failure(error) };
  }
}

const opens = (open: () => Promise<unknown>): Promise<boolean> =>
  open().then(
    () => true,
    () => false,
  );
