/** Which checks `check all` runs. */
import { isError } from '../base/errors.ts';
import { runOneOfMany, unknown, type CheckResult, type CheckRoom, type Subject, type Thresholds } from './check.ts';
import { contactsCheck } from './checks/contacts.ts';
import { identityCheck } from './checks/identity.ts';
import { jobChecks } from './checks/job.ts';
import { outboxCheck } from './checks/outbox.ts';
import { storeCheck } from './checks/store.ts';

const OF_A_HOME: readonly Subject[] = [identityCheck, contactsCheck, outboxCheck];

/**
 * Every check that applies here. A machine that only keeps a store has no home, and a home without identities sends nothing: unless a
 * home was named, their checks are left out. What cannot be looked at is UNKNOWN, and the others are told all the same.
 */
export async function checkAll(room: CheckRoom, { homeIsNamed, maxAgeMs }: Pick<Thresholds, 'maxAgeMs'> & { readonly homeIsNamed: boolean }): Promise<readonly CheckResult[]> {
  const thresholds = { maxAgeMs };
  const results = [await runOneOfMany(room, storeCheck, thresholds)];
  if (results[0]?.status !== 'UNKNOWN' || results[0].metrics.length > 0) {
    for (const subject of await jobChecks(room)) results.push(await runOneOfMany(room, subject, thresholds));
  }
  try {
    const home = await room.home();
    const isUsed = home.people.identities.count('true') > 0;
    for (const subject of isUsed || room.as !== undefined ? OF_A_HOME : []) results.push(await runOneOfMany(room, subject, thresholds));
  } catch (error) {
    if (!isError(error)) throw error;
    if (homeIsNamed || !isError(error, 'E_NO_HOME')) results.push(unknown('home', error));
  }
  return results;
}
