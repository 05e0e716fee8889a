/** What `store verify` answers: bad blocks by name, or acknowledgements that do not hold. */
import type { Infer, View } from '../../cli/command.ts';
import { count, grouped, when } from '../../cli/human.ts';
import { array, boolean, integer, nullable, number, object, optional, record, string, time } from '../../cli/schema.ts';
import { fail } from '../../core/base/errors.ts';
import type { AcknowledgedResult } from '../../core/storage/acknowledged.ts';
import type { RebuildReport } from '../../core/storage/rebuild.ts';
import type { RepairReport } from '../../core/storage/repair.ts';
import type { VerifyResult } from '../../core/storage/verify-types.ts';
import { at } from './_times.ts';

/** `1%`, `0.5%`: the part of all. Throws E_USAGE. */
export function parsePercent(typed: string): number {
  const percent = /^\d{1,3}(?:\.\d{1,4})?%$/.test(typed) ? Number(typed.slice(0, -1)) : NaN;
  if (!(percent > 0 && percent <= 100)) throw fail('E_USAGE', { why: 'expects a part of all, such as 1% or 0.5%' });
  return percent / 100;
}

const missed = object({ cid: string(), level: string('that was promised'), at: time(), to: array(string(), 'digests of the inboxes that are concerned') });

export const verifySchema = object({
  checked: integer('blocks hashed, a block in two tiers twice; with --acknowledged messages'),
  bad: array(object({ cid: nullable(string('null: the tier itself is damaged')), tier: string(), place: string(), code: string(), repaired: boolean('written anew, or dropped where it is garbage'), garbage: optional(boolean('no message that is wanted needs it')) }), 'the first ten thousand'),
  badTotal: integer(),
  repaired: integer('blocks healed; with --acknowledged announcements made again'),
  seconds: number(),
  hotBroken: optional(boolean('the hot tier itself is broken and was not made anew: what was acknowledged was not compared')),
  locksRenewed: optional(boolean('the lock table was damaged and made anew')),
  journalMended: optional(array(object({ kept: string('where the damaged file is now'), records: integer('that proved themselves and stay') }), 'files of the journal that were damaged')),
  rebuilt: optional(
    object({
      rows: record(integer(), 'in the new hot tier'),
      fromCold: integer('messages that only cold still knew: whether they were read or handled is not known any more'),
      fromJournal: integer('messages whose record only the journal still knew: their blocks are there, and nobody is told of them'),
      operations: integer('records of an --id that only the journal still knew'),
      journalDamage: nullable(string('code: the journal is damaged too, so what is missing is known only as far as it goes')),
      unreadable: array(string(), 'tables that could not be read to their end'),
      damagedRows: integer(),
      notBroughtBack: array(object({ cid: string(), level: nullable(string()), code: string() })),
      kept: nullable(string('where the broken file is now')),
    }),
  ),
  acknowledged: optional(
    object({
      total: record(integer(), 'by level'),
      present: integer(),
      ended: integer('removed, collected or expired: kept long enough'),
      unannounced: array(missed),
      lost: array(missed),
      operations: integer('records of an --id that came back from the journal'),
    }, 'what was promised; only of a run over everything'),
  ),
});

export type ShownVerify = Infer<typeof verifySchema>;

export function verifyOf({ checked, bad, badTotal, repaired, rebuilt, acknowledged, isHotBroken }: VerifyResult, before: RepairReport | undefined, ms: number): ShownVerify {
  const made = rebuilt ?? before?.rebuilt;
  return {
    ...{ checked, badTotal, repaired, seconds: ms / 1_000 },
    bad: bad.map(({ cid, ...one }) => ({ cid: cid?.toString() ?? null, ...one })),
    ...(isHotBroken && { hotBroken: true }),
    ...(before?.locksRenewed === true && { locksRenewed: true }),
    ...(before !== undefined && before.journalMended.length > 0 && { journalMended: [...before.journalMended] }),
    ...(made && { rebuilt: rebuiltOf(made) }),
    ...(acknowledged && { acknowledged: promisesOf(acknowledged) }),
  };
}

export const hasRepaired = (before: RepairReport | undefined): boolean => before !== undefined && (before.rebuilt !== undefined || before.locksRenewed || before.journalMended.length > 0);

const rebuiltOf = ({ notBroughtBack, kept, journalDamage, ...made }: RebuildReport): NonNullable<ShownVerify['rebuilt']> => ({
  ...made,
  notBroughtBack: notBroughtBack.map(({ cid, level, code }) => ({ cid: cid.toString(), level: level ?? null, code })),
  kept: kept ?? null,
  journalDamage: journalDamage ?? null,
});

export function acknowledgedOf(result: AcknowledgedResult, ms: number): ShownVerify {
  const acknowledged = promisesOf(result);
  return { checked: promised(acknowledged), bad: [], badTotal: 0, repaired: result.announcedAgain, seconds: ms / 1_000, acknowledged };
}

type Promises = NonNullable<ShownVerify['acknowledged']>;

function promisesOf({ total, present, ended, unannounced, lost, operations }: AcknowledgedResult): Promises {
  const shown = (some: AcknowledgedResult['lost']) => some.map(({ cid, level, atMs, to }) => ({ cid: cid.toString(), level, at: at(atMs), to }));
  return { total: total as Readonly<Record<string, number>>, present, ended, unannounced: shown(unannounced), lost: shown(lost), operations };
}

const promised = ({ total }: Promises): number => Object.values(total).reduce((sum, n) => sum + n, 0);

export async function verifyLines(shown: ShownVerify, view: View): Promise<readonly string[]> {
  const { table } = await import('../../cli/table.ts');
  const { bad, badTotal, rebuilt, hotBroken, locksRenewed, journalMended = [], acknowledged } = shown;
  const rows = await table(view, bad, [
    { head: 'BLOCK', cell: ({ cid, tier }) => cid ?? (tier === 'journal' ? 'the journal itself' : 'the tier itself') },
    { head: 'TIER', cell: ({ tier }) => tier },
    { head: 'WHAT', cell: ({ code }) => code },
    { head: '', label: 'STATE', cell: (one) => fateOf(one, view) },
  ]);
  return [
    ...(locksRenewed === true ? ['the lock table was damaged and is made anew'] : []),
    ...journalMended.flatMap(({ kept, records }) => [
      `a file of the journal was damaged: ${count(records, 'record')} stay; what the rest promised, and which --id had its effect, is not known any more: ask before you repeat a send`,
      `the damaged file is kept: ${kept}`,
    ]),
    ...(rebuilt === undefined ? [] : rebuiltLines(rebuilt, acknowledged)),
    ...rows,
    ...(badTotal > bad.length ? [`and ${grouped(badTotal - bad.length)} more`] : []),
    hashedLine(shown),
    ...(bad.some(({ garbage, repaired }) => garbage === true && !repaired) ? ['garbage is what no message that is wanted needs: --repair drops it, and `omniplex store gc` collects it in its time'] : []),
    ...(hotBroken === true ? ['the hot tier itself is broken: what was acknowledged was not compared, and --repair does it'] : []),
    ...(acknowledged === undefined ? [] : await promiseLines(acknowledged, view)),
  ];
}

function fateOf({ repaired, garbage }: ShownVerify['bad'][number], { paint }: View): string {
  if (garbage === true) return repaired ? paint.good('dropped: garbage') : paint.bad('bad, and garbage');
  return repaired ? paint.good('repaired') : paint.bad('bad');
}

/** What is missing, or a tier, is found bad and was not hashed: the two numbers stand beside each other, not one in the other. */
function hashedLine({ checked, badTotal, repaired }: ShownVerify): string {
  if (badTotal === 0) return checked === 0 ? '0 blocks hashed: nothing was looked at' : `${count(checked, 'block')} hashed: ${checked === 1 ? 'it holds' : 'all of them hold'}`;
  return `${count(checked, 'block')} hashed; found bad: ${grouped(badTotal)}${repaired === 0 ? '' : `, ${grouped(repaired)} of them repaired`}`;
}

function rebuiltLines({ rows, fromCold, fromJournal, operations, damagedRows, unreadable, notBroughtBack, journalDamage, kept }: NonNullable<ShownVerify['rebuilt']>, acknowledged: Promises | undefined): readonly string[] {
  const listed = new Set(acknowledged?.lost.map(({ cid }) => cid));
  return [
    `the hot tier is made anew: ${count((rows['message'] ?? 0) + fromCold + fromJournal, 'message')}, ${grouped(fromCold)} of them from cold, ${grouped(fromJournal)} by the journal`,
    ...(unreadable.length === 0 ? [] : [`SQLite could not read ${unreadable.map((kind) => `${kind}s`).join(', ')}: they were taken from the pages of the file, as far as they prove themselves`]),
    ...(damagedRows === 0 ? [] : [`${count(damagedRows, 'row')} did not prove ${damagedRows === 1 ? 'itself' : 'themselves'} and stayed behind`]),
    ...(operations === 0 ? [] : [`${count(operations, 'record')} of an --id came back from the journal`]),
    ...(fromJournal === 0 ? [] : ['what came by the journal is not announced any more: its sender runs `omniplex outbox resend CID`']),
    ...(fromCold === 0 ? [] : ['what came from cold is as new: whether it was read, pinned or handled is not known any more']),
    ...(journalDamage === null ? [] : [`the journal is damaged too (${journalDamage}): what else is missing, and which --id had its effect, nobody knows; ask before you repeat a send`]),
    ...(kept === null ? [] : [`the broken file is kept: ${kept}`]),
    ...notBroughtBack.filter(({ cid }) => !listed.has(cid)).map(({ cid, level, code }) => `not brought back: ${cid}${level === null ? '' : `, acknowledged ${level}`} (${code})`),
  ];
}

export async function acknowledgedLines({ acknowledged, repaired }: ShownVerify, view: View): Promise<readonly string[]> {
  if (acknowledged === undefined) return [];
  return [
    ...(repaired === 0 ? [] : [`${count(repaired, 'announcement')} made again from cold`]),
    ...(acknowledged.operations === 0 ? [] : [`${count(acknowledged.operations, 'record')} of an --id came back from the journal`]),
    ...(await promiseLines(acknowledged, view)),
  ];
}

async function promiseLines(acknowledged: Promises, view: View): Promise<readonly string[]> {
  const { table } = await import('../../cli/table.ts');
  const { total, present, ended, unannounced, lost } = acknowledged;
  const checked = promised(acknowledged);
  const rows = [...lost.map((one) => ({ ...one, what: 'lost' })), ...unannounced.map((one) => ({ ...one, what: 'not announced' }))];
  const { paint } = view;
  const lines = await table(view, rows, [
    { head: 'MESSAGE', cell: ({ cid }) => cid },
    { head: 'WHAT', cell: ({ what }) => paint.bad(what) },
    { head: 'PROMISED', cell: ({ level }) => level },
    { head: 'AT', cell: ({ at: when_ }) => when(when_) },
    { head: 'INBOXES', cell: ({ to }) => to.map((digest) => `r:${digest.slice(0, 4)}`).join(' '), prose: true },
  ]);
  const levels = Object.entries(total).map(([level, n]) => `${grouped(n)} ${level}`);
  return [
    ...(rows.length === 0 ? [] : lines),
    `${count(checked, 'acknowledged message')}${levels.length === 0 ? '' : ` (${levels.join(', ')})`}: ${grouped(present)} present, ${ended === 0 ? '' : `${grouped(ended)} removed or expired, `}${grouped(unannounced.length)} not announced, ${grouped(lost.length)} lost`,
  ];
}
