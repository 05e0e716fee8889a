/** The store and its embedded backend: tiers, room, locks, jobs. It hashes nothing: that is what `store verify` is for. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { count } from '../../base/count.ts';
import { fileError } from '../../base/files.ts';
import { formatDuration } from '../../base/duration.ts';
import { fail } from '../../base/errors.ts';
import { formatSize } from '../../base/size.ts';
import { lastJobs } from '../../storage/jobs.ts';
import { FULL_CRITICAL, FULL_WARNING } from '../checks/store.ts';
import { lastAudit } from '../last-audit.ts';
import { diskUnder } from './disk.ts';
import { bad, ok, warn, type Examination } from './room.ts';

/** A journal of a day shows whether it can be read; all of it may be long. */
const DAY_MS = 86_400_000;

const opens: Examination = {
  check: 'store',
  look: async (_room, { store }) => ok(`opens, at ${(await store()).path}`),
};

const hot: Examination = {
  check: 'hot-tier',
  needs: 'store',
  look: async (_room, { store: open }) => {
    const store = await open();
    const { bytes, blocks } = await store.hot.usage();
    const says = `${formatSize(bytes)} in ${count(blocks, 'block')}, of a budget of ${formatSize(store.hotBudgetBytes)}`;
    const used = (bytes / store.hotBudgetBytes) * 100;
    const advice = "Move old content: `omniplex demote --where 'stored > 30d' --dry-run`; see what is garbage: `omniplex store gc --dry-run`; or raise hot.budget.";
    return used > FULL_CRITICAL ? bad(says, advice) : used > FULL_WARNING ? warn(says, advice) : ok(says);
  },
};

const cold: Examination = {
  check: 'cold-tier',
  needs: 'store',
  look: async (_room, { store: open }) => {
    const { layout } = await open();
    for (const path of [layout.blocks, layout.announcements]) {
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK).catch((cause: unknown) => Promise.reject(fileError(path, cause)));
    }
    return ok(`can be read and written, at ${layout.blocks}`);
  },
};

const journal: Examination = {
  check: 'journal',
  needs: 'store',
  look: async ({ clock, signal }, { store: open }) => {
    let read = 0;
    for await (const _ of (await open()).journal.since(clock.now() - DAY_MS)) {
      signal?.throwIfAborted();
      read++;
    }
    return ok(`${count(read, 'acknowledgement')} in the last day, all readable`);
  },
};

const locks: Examination = {
  check: 'locks',
  needs: 'store',
  look: async ({ clock }, { store: open }) => {
    const all = await (await open()).locks.list();
    const left = all.filter(({ state }) => state !== 'held');
    if (left.length > 0) return warn(`${left.length} left behind by ${left.map(({ name, holder }) => `${holder} (${name})`).join(', ')}`, 'Nothing to do: whoever comes next takes it over. See why its holder ended.');
    const held = all.map(({ name, holder, acquiredAtMs }) => `${name} by ${holder} for ${formatDuration(Math.max(0, clock.now() - acquiredAtMs))}`);
    return ok(held.length === 0 ? 'none held' : held.join(', '));
  },
};

const audit: Examination = {
  check: 'audit',
  needs: 'store',
  look: async (_room, { store: open }) => {
    const { bad: wrong = 0, lost = 0, says } = await lastAudit(await open());
    if (lost > 0) return bad(says, 'See which: `omniplex store verify --acknowledged`. Bring them back with `omniplex store import FILE.car`, or have their senders send again.', { code: 'E_LOST' });
    return wrong > 0 ? bad(says, 'Run `omniplex store verify --repair`; what it cannot heal has to be imported or sent again.', { code: 'E_VERIFY' }) : ok(says);
  },
};

const jobs: Examination = {
  check: 'jobs',
  needs: 'store',
  look: async (_room, { store: open }) => {
    const runs = await lastJobs(await open());
    const failed = runs.filter(({ exit }) => exit !== 0);
    if (failed.length === 0) return ok(runs.length === 0 ? 'none has run yet' : `${runs.map(({ job }) => job).join(', ')} ended well`);
    const says = failed.map(({ job, exit, code }) => `${job} ended ${exit}${code === undefined ? '' : ` (${code})`}`).join(', ');
    return warn(says, `Run it again by hand; \`omniplex explain ${failed[0]?.code ?? failed[0]?.exit ?? ''}\` says what it means.`);
  },
};

const elsewhere: Examination = {
  check: 'store',
  look: async ({ settings }) =>
    bad(settings.store === undefined ? 'it is behind a node, which this release does not talk to' : 'it is at an address, which this release does not talk to', 'Name a folder instead: `omniplex context set NAME store=DIR`.', {
      code: 'E_NOT_SUPPORTED',
    }),
};

const disk: Examination = {
  check: 'store-disk',
  look: ({ settings }) => (settings.store === undefined ? Promise.reject(fail('E_NO_STORE', { path: 'no path' })) : diskUnder(settings.store)),
};

/** Of a store in a folder. */
export const storeExaminations: readonly Examination[] = [opens, disk, hot, cold, journal, locks, audit, jobs];
/** Of one that a later release can talk to. */
export const elsewhereExaminations: readonly Examination[] = [elsewhere];
