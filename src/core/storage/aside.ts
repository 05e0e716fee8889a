/** What is broken, or none of ours, is kept beside its place under a name that nothing here reads. */
import { rename } from 'node:fs/promises';
import { rfc3339, type Clock } from '../base/clock.ts';

/** A time as part of a file's name. */
export const stampOf = (clock: Clock): string => rfc3339(clock.now()).replaceAll(/[:.]/g, '-');

export const moveAside = (path: string, clock: Clock): Promise<void> => rename(path, `${path}.broken-${stampOf(clock)}`);
