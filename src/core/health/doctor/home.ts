/** The home: its database, its key ring as far as it shows without a passphrase, its people, its outbox, its backups. */
import { count } from '../../base/count.ts';
import { exists } from '../../base/files.ts';
import { formatDuration } from '../../base/duration.ts';
import { limits } from '../../base/limits.ts';
import { withLosses } from '../checks/outbox.ts';
import { listBackups } from '../../backup/backup.ts';
import { contactSummary, identitySummary } from '../../identity/summary.ts';
import { readKeyring } from '../../keys/index.ts';
import { lookAtOriginal } from '../home-look.ts';
import { diskUnder } from './disk.ts';
import { bad, ok, warn, type Examination } from './room.ts';

/** Keys change with every rotation; a backup older than this lacks some. */
const BACKUP_OLD_MS = 90 * 86_400_000;

const opens: Examination = {
  check: 'home',
  look: async (_room, { home }) => ok(`opens, at ${(await home()).path}`),
};

const database: Examination = {
  check: 'home-database',
  needs: 'home',
  look: async (_room, { home }) => {
    (await home()).check();
    return ok('every page is sound');
  },
};

const original: Examination = {
  check: 'home-original',
  needs: 'home',
  look: async (_room, { home, store }) => {
    const { blind } = await lookAtOriginal(await home(), store);
    return ok(`is where it was made: no copy${blind === undefined ? '' : '. The store could not be asked whether a restored home has taken over'}`);
  },
};

const keyring: Examination = {
  check: 'key-ring',
  needs: 'home',
  look: async (_room, { home: open }) => {
    const home = await open();
    const isAwaited = home.people.identities.count('true') === 0 && !(await exists(home.keyringPath));
    if (isAwaited) return warn('there is none yet', 'It comes with the first identity: `omniplex identity create NAME`.');
    const { kdf } = await readKeyring(home);
    return ok(`whole; argon2id with ${kdf.memoryKib / 1024} MiB and ${count(kdf.passes, 'pass', 'passes')}. Whether the passphrase opens it was not tried`);
  },
};

const identities: Examination = {
  check: 'identities',
  needs: 'home',
  look: async ({ clock }, { home: open }) => {
    const home = await open();
    const all = home.people.identities.list('true ORDER BY name').map((record) => identitySummary(home, record));
    const living = all.filter(({ revoked }) => revoked === undefined);
    if (living.length === 0) return warn(all.length === 0 ? 'there are none' : 'all are revoked', 'Create one: `omniplex identity create NAME`.');
    const names = (due: typeof living) => due.map(({ name }) => name);
    const soonMs = clock.now() + limits.prekeyRenewMs;
    const expired = living.filter(({ expiresAtMs }) => expiresAtMs <= clock.now());
    if (expired.length > 0) return bad(`${count(expired.length, 'bundle')} of mine expired: nobody can write there`, 'Run `omniplex identity rotate --due` and hand out the new bundle.', { about: names(expired) });
    const due = living.filter(({ sendOnly, prekeysUntilMs = 0 }) => !sendOnly && prekeysUntilMs <= soonMs);
    if (due.length > 0) return warn(`prekeys of ${count(due.length, 'identity', 'identities')} are over, or end within ${formatDuration(limits.prekeyRenewMs)}`, 'Run `omniplex identity rotate --due`, from cron if you can, and hand out the new bundle.', { about: names(due) });
    return ok(`${count(living.length, 'identity', 'identities')}, prekeys last`, names(living));
  },
};

const contacts: Examination = {
  check: 'contacts',
  needs: 'home',
  look: async ({ clock }, { home: open }) => {
    const home = await open();
    const all = home.people.contacts.list('true ORDER BY name').map((record) => contactSummary(home, record));
    const living = all.filter(({ revoked }) => revoked === undefined);
    const expired = living.filter(({ expiresAtMs, prekeysUntilMs = Infinity }) => expiresAtMs <= clock.now() || prekeysUntilMs <= clock.now());
    if (expired.length > 0) return warn(`${count(expired.length, 'contact')} with a bundle or prekeys that are over`, 'Ask for a newer bundle, then `omniplex contact update NAME FILE`.', { about: expired.map(({ name }) => name) });
    const unverified = living.filter(({ verified }) => verified === undefined);
    if (unverified.length > 0) return warn(`${unverified.length} of ${count(living.length, 'contact')} not verified`, 'Compare the twelve words: `omniplex contact verify NAME`.', { about: unverified.map(({ name }) => name) });
    return ok(living.length === 0 ? 'none yet' : `${count(living.length, 'contact')}, all verified`);
  },
};

const outbox: Examination = {
  check: 'outbox',
  needs: 'home',
  look: async (_room, { home: open, store }) => {
    const home = await open();
    const { failed, unknown, ...counts } = home.outbox.counts();
    const { lost, announced, blind } = await withLosses({ store }, home, counts);
    if (lost > 0) return bad(`${count(lost, 'delivery', 'deliveries')} lost`, "See `omniplex outbox list --where 'state = lost'`; send the files again, with the same --id if they had one.");
    if (failed + unknown > 0) return warn(`${failed} failed, ${unknown} without an outcome`, 'Look with `omniplex outbox list`; `omniplex outbox resend` is safe, it has one effect.');
    if (blind !== undefined && announced > 0) return warn(`${announced} announced and not confirmed; the store could not be asked whether they are lost`, blind.hint, { code: blind.code });
    return ok(`${announced} announced and not confirmed, nothing lost`);
  },
};

const backups: Examination = {
  check: 'backups',
  needs: 'home',
  look: async ({ clock }, { home: open }) => {
    const home = await open();
    if (home.people.identities.count('true') === 0) return ok('there is nothing to back up yet');
    const known = (await listBackups(home)).filter(({ what }) => what.includes('keys'));
    const kept = known.filter(({ state }) => state === 'present');
    const [newest] = kept;
    const advice = 'Make one: `omniplex backup create --out FILE`, and keep it on another machine.';
    if (newest === undefined) return warn(known.length === 0 ? 'this home knows of no backup of its keys' : `${count(known.length, 'backup')} of the keys, none where it was written`, advice);
    const ageMs = clock.now() - newest.createdAtMs;
    const says = `the newest of ${count(kept.length, 'backup')} is ${formatDuration(Math.max(0, ageMs))} old`;
    return ageMs > BACKUP_OLD_MS ? warn(says, advice) : ok(says);
  },
};

export const homeExaminations: readonly Examination[] = [
  opens,
  { check: 'home-disk', look: ({ settings }) => diskUnder(settings.home) },
  ...[database, original, keyring, identities, contacts, outbox, backups],
];
