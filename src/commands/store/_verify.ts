/** What `store verify` answers: bad blocks by name, or acknowledgements that do not hold. */
import type { Infer, View } from '../../cli/command.ts';
import { count, grouped, when } from '../../cli/human.ts';
import { array, boolean, integer, nullable, number, object, optional, record, string, time } from '../../cli/schema.ts';
import { fail } from '../../core/base/errors.ts';
import type { AcknowledgedResult } from '../../core/storage/acknowledged.ts';
import type { RebuildReport } from '../../core/storage/rebuild.ts';
import type { RepairReport } from '../../core/storage/repair.ts';
import type { VerifyResult } from '../../core/storage/verify.ts';
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
  bad: array(object({ cid: nullable(string('null: the tier itself is damaged')), tier: string(), place: string(), code: string(), repaired: boolean() }), 'the first ten thousand'),
  badTotal: integer(),
  repaired: integer('blocks healed; with --acknowledged announcements made again'),
  seconds: number(),
  locksRenewed: optional(boolean('the lock table was damaged and made anew')),
  rebuilt: optional(
    object({
      rows: record(integer(), 'in the new hot tier'),
      fromCold: integer('messages that only cold still knew'),
      unreadable: array(string(), 'tables that could not be read to their end'),
      damagedRows: integer(),
      notBroughtBack: array(object({ cid: string(), level: nullable(string()), code: string() })),
      kept: nullable(string('where the broken file is now')),
    }),
  ),
  acknowledged: optional(object({ total: record(integer(), 'by level'), present: integer(), unannounced: array(missed), lost: array(missed) })),
});

export type ShownVerify = Infer<typeof verifySchema>;

export function verifyOf({ checked, bad, badTotal, repaired, rebuilt }: VerifyResult, before: RepairReport | undefined, ms: number): ShownVerify {
  const made = rebuilt ?? before?.rebuilt;
  return {
    ...{ checked, badTotal, repaired, seconds: ms / 1_000 },
    bad: bad.map(({ cid, ...one }) => ({ cid: cid?.toString() ?? null, ...one })),
    ...(before?.locksRenewed === true && { locksRenewed: true }),
    ...(made && { rebuilt: rebuiltOf(made) }),
  };
}

const rebuiltOf = ({ notBroughtBack, kept, ...made }: RebuildReport): NonNullable<ShownVerify['rebuilt']> => ({
  ...made,
  notBroughtBack: notBroughtBack.map(({ cid, level, code }) => ({ cid: cid.toString(), level: level ?? null, code })),
  kept: kept ?? null,
});

export function acknowledgedOf({ total, present, unannounced, lost, announcedAgain }: AcknowledgedResult, ms: number): ShownVerify {
  const shown = (some: AcknowledgedResult['lost']) => some.map(({ cid, level, atMs, to }) => ({ cid: cid.toString(), level, at: at(atMs), to }));
  const counts = total as Readonly<Record<string, number>>;
  const checked = Object.values(counts).reduce((sum, n) => sum + n, 0);
  return { checked, bad: [], badTotal: 0, repaired: announcedAgain, seconds: ms / 1_000, acknowledged: { total: counts, present, unannounced: shown(unannounced), lost: shown(lost) } };
}

export async function verifyLines(shown: ShownVerify, view: View): Promise<readonly string[]> {
  const { table } = await import('../../cli/table.ts');
  const { checked, bad, badTotal, repaired, rebuilt, locksRenewed } = shown;
  const { paint } = view;
  const rows = await table(view, bad, [
    { head: 'BLOCK', cell: ({ cid }) => cid ?? 'the tier itself' },
    { head: 'TIER', cell: ({ tier }) => tier },
    { head: 'WHAT', cell: ({ code }) => code },
    { head: '', cell: ({ repaired: healed }) => (healed ? paint.good('repaired') : paint.bad('bad')) },
  ]);
  return [
    ...(locksRenewed === true ? ['the lock table was damaged and is made anew'] : []),
    ...(rebuilt === undefined ? [] : rebuiltLines(rebuilt)),
    ...rows,
    ...(badTotal > bad.length ? [`and ${grouped(badTotal - bad.length)} more`] : []),
    `${count(checked, 'block')} hashed: ${badTotal === 0 ? 'all of them hold' : `${grouped(badTotal)} bad${repaired === 0 ? '' : `, ${grouped(repaired)} of them repaired`}`}`,
  ];
}

function rebuiltLines({ rows, fromCold, damagedRows, unreadable, notBroughtBack, kept }: NonNullable<ShownVerify['rebuilt']>): readonly string[] {
  const damage = [damagedRows > 0 && `${count(damagedRows, 'row')} were damaged`, unreadable.length > 0 && `not all of ${unreadable.join(', ')} could be read`].filter((text) => text !== false);
  return [
    `the hot tier is made anew: ${count(rows['message'] ?? 0, 'message')}, ${grouped(fromCold)} of them from cold${damage.length === 0 ? '' : `; ${damage.join('; ')}`}`,
    ...(kept === null ? [] : [`the broken file is kept: ${kept}`]),
    ...notBroughtBack.map(({ cid, level, code }) => `not brought back: ${cid}${level === null ? '' : `, acknowledged ${level}`} (${code})`),
  ];
}

export async function acknowledgedLines({ acknowledged, checked, repaired }: ShownVerify, view: View): Promise<readonly string[]> {
  if (acknowledged === undefined) return [];
  const { table } = await import('../../cli/table.ts');
  const { total, present, unannounced, lost } = acknowledged;
  const rows = [...lost.map((one) => ({ ...one, what: 'lost' })), ...unannounced.map((one) => ({ ...one, what: 'not announced' }))];
  const { paint } = view;
  const lines = await table(view, rows, [
    { head: 'MESSAGE', cell: ({ cid }) => cid },
    { head: 'WHAT', cell: ({ what }) => paint.bad(what) },
    { head: 'PROMISED', cell: ({ level }) => level },
    { head: 'AT', cell: ({ at: when_ }) => when(when_) },
    { head: 'INBOXES', cell: ({ to }) => to.map((digest) => `r:${digest.slice(0, 4)}`).join(' ') },
  ]);
  const levels = Object.entries(total).map(([level, n]) => `${grouped(n)} ${level}`);
  return [
    ...lines,
    ...(repaired === 0 ? [] : [`${count(repaired, 'announcement')} made again from cold`]),
    `${count(checked, 'acknowledged message')}${levels.length === 0 ? '' : ` (${levels.join(', ')})`}: ${grouped(present + 0)} present, ${grouped(unannounced.length)} not announced, ${grouped(lost.length)} lost`,
  ];
}
