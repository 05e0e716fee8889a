/** What each exit code means, in one line. Help, man pages and `help exit-codes` print these. */
import { EXIT } from '../core/base/errors.ts';

export const exitMeanings: Readonly<Record<number, string>> = {
  [EXIT.ok]: 'done, or nothing to do',
  [EXIT.failed]: 'failed',
  [EXIT.usage]: 'usage: the arguments or flags are not right',
  [EXIT.config]: 'configuration, or not possible with this backend',
  [EXIT.forbidden]: 'not authorised, or not a recipient',
  [EXIT.notFound]: 'not found, or waiting for nothing',
  [EXIT.conflict]: 'conflict, or locked by another process',
  [EXIT.integrity]: 'integrity: wrong bytes',
  [EXIT.otherSet]: 'right form, but of another set; quorum not reached',
  [EXIT.declined]: 'refused, or not confirmed',
  [EXIT.threshold]: 'a threshold was breached',
  [EXIT.rollback]: 'rolling back failed',
  [EXIT.incomplete]: 'incomplete: the work stands, a stated part of the wish does not',
  [EXIT.unavailable]: 'a server does not answer',
  [EXIT.bug]: 'a mistake in OmniPlex, or a runtime that cannot run it',
  [EXIT.unknownOutcome]: 'outcome unknown: repeat with the same --id',
  [EXIT.interrupted]: 'interrupted (SIGINT)',
  [EXIT.terminated]: 'terminated (SIGTERM, SIGHUP)',
};

/** `check *` speaks the language of monitoring plugins instead. */
export const nagiosMeanings: Readonly<Record<number, string>> = {
  0: 'OK',
  1: 'WARNING',
  2: 'CRITICAL: a threshold is passed, or what it looks at is damaged',
  3: 'UNKNOWN: the check could not run, or its data is too old',
};

/** Exits that any command may end with; a command adds its own. */
export const commonExits: readonly number[] = [EXIT.ok, EXIT.failed, EXIT.usage, EXIT.config, EXIT.incomplete, EXIT.bug, EXIT.interrupted, EXIT.terminated];

/** Of a command that opens a home or a store; what it says itself of an exit goes first. */
export const placeExits = { [EXIT.notFound]: 'there is no such home, store or context', [EXIT.conflict]: 'another process is at it, or the home is a copy', [EXIT.integrity]: 'the home or the store is damaged' };

/** Of one that opens the key ring as well. */
export const ringExits = { ...placeExits, [EXIT.forbidden]: 'the passphrase is wrong', [EXIT.notFound]: 'there is no such home, store, context or identity' };
