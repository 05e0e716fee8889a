/** Which checks `check all` runs. */
import { isError } from '../base/errors.ts';
import { cutShort, runOneOfMany, type CheckResult, type CheckRoom, type Subject, type Thresholds } from './check.ts';
import { contactsCheck } from './checks/contacts.ts';
import { homeCheck } from './checks/home.ts';
import { identityCheck } from './checks/identity.ts';
import { jobChecks } from './checks/job.ts';
import { outboxCheck } from './checks/outbox.ts';
import { storeCheck } from './checks/store.ts';

/** None is no fault where nobody asks for it by name: a machine that keeps a store may have a home without one beside it. */
const identitiesCheck: Subject = {
  name: identityCheck.name,
  examine: async (room) => {
    const isEmpty = room.as === undefined && (await room.home()).people.identities.count('true') === 0;
    return isEmpty ? { metrics: [], summary: 'there is none' } : identityCheck.examine(room);
  },
};

const OF_A_HOME: readonly Subject[] = [homeCheck, identitiesCheck, contactsCheck, outboxCheck];

/**
 * Every check that applies here. A machine that only keeps a store may have no home: unless one was named, what is of a home is left
 * out there. A home whose identities are gone is looked at all the same: what they sent may still be lost. What is damaged is CRITICAL, what cannot be looked at UNKNOWN, and the others are told all the same.
 */
export async function checkAll(room: CheckRoom, { homeIsNamed, maxAgeMs }: Pick<Thresholds, 'maxAgeMs'> & { readonly homeIsNamed: boolean }): Promise<readonly CheckResult[]> {
  const thresholds = { maxAgeMs };
  const results = [await runOneOfMany(room, storeCheck, thresholds)];
  // where the store itself could not be looked at, each job would say the same again
  if (results.some(({ metrics }) => metrics.length > 0)) results.push(...(await ofJobs(room, thresholds)));
  try {
    await room.home();
    for (const subject of OF_A_HOME) results.push(await runOneOfMany(room, subject, thresholds));
  } catch (error) {
    if (!isError(error)) throw error;
    if (homeIsNamed || !isError(error, 'E_NO_HOME')) results.push(cutShort('home', error));
  }
  return results;
}

/** A record that is damaged hides the names of the others. */
async function ofJobs(room: CheckRoom, thresholds: Thresholds): Promise<readonly CheckResult[]> {
  try {
    const results = [];
    for (const subject of await jobChecks(room)) results.push(await runOneOfMany(room, subject, thresholds));
    return results;
  } catch (error) {
    if (!isError(error)) throw error;
    return [cutShort('jobs', error)];
  }
}
