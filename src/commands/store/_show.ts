/** What `store show` answers: the store in numbers, or one message with every copy proved. */
import type { Infer, View } from '../../cli/command.ts';
import { count, duration, grouped, size, when } from '../../cli/human.ts';
import { array, boolean, integer, nullable, number, object, oneOf, optional, record, string, time } from '../../cli/schema.ts';
import type { MessageState, StoreSummary } from '../../core/storage/inventory.ts';
import type { Store } from '../../core/storage/store.ts';
import { lockOf, lockSchema } from './_lock.ts';
import { at, atOrNull } from './_times.ts';

export const storeSchema = object({
  path: string(),
  id: string(),
  messages: object({ total: integer(), removed: integer(), expired: integer(), pinned: integer() }),
  backlog: object({ messages: integer('in no cold tier'), bytes: integer() }),
  since: optional(object({ messages: integer(), bytes: integer() }, 'stored since then, and not removed')),
  hotBudgetBytes: integer(),
  tiers: array(object({ tier: string(), place: string(), blocks: integer(), bytes: integer() })),
  jobs: array(object({ job: string(), started: time(), ended: time(), exit: integer(), code: nullable(string()), counts: record(integer()), ageSeconds: number() }), 'the last run of each'),
  locks: array(lockSchema),
});

export const messageSchema = object({
  cid: string(),
  kind: oneOf(['message', 'block']),
  bytes: integer(),
  blocks: integer(),
  copies: array(object({ tier: string(), place: string(), verified: boolean('every block is there and was hashed just now'), missing: integer(), corrupt: integer() })),
  pinned: nullable(oneOf(['for good', 'until'])),
  pinnedUntil: nullable(time()),
  stored: nullable(time()),
  read: nullable(time()),
  expires: nullable(time()),
  removed: boolean(),
  announcements: integer('inboxes that were told'),
});

export type ShownStore = Infer<typeof storeSchema>;
export type ShownMessage = Infer<typeof messageSchema>;

export const storeOf = (store: Store, { messages, backlog, since, hotBudgetBytes, tiers, jobs, locks }: StoreSummary): ShownStore => ({
  ...{ path: store.path, id: store.id, messages, backlog, ...(since && { since }), hotBudgetBytes, tiers },
  jobs: jobs.map(({ job, startedAtMs, endedAtMs, exit, code, counts }) => ({
    ...{ job, started: at(startedAtMs), ended: at(endedAtMs), exit, code: code ?? null, counts },
    ageSeconds: Math.max(0, store.clock.now() - endedAtMs) / 1_000,
  })),
  locks: locks.map((lock) => lockOf(lock, store.clock.now())),
});

export const messageOf = ({ cid, kind, bytes, blocks, copies, pinnedUntilMs, storedAtMs, readAtMs, expiresAtMs, removed, announcements }: MessageState): ShownMessage => ({
  ...{ cid: cid.toString(), kind, bytes, blocks, copies },
  pinned: pinnedUntilMs === undefined ? null : pinnedUntilMs === Number.MAX_SAFE_INTEGER ? 'for good' : 'until',
  ...{ pinnedUntil: atOrNull(pinnedUntilMs), stored: atOrNull(storedAtMs), read: atOrNull(readAtMs), expires: atOrNull(expiresAtMs), removed, announcements },
});

export async function storeLines(shown: ShownStore, view: View): Promise<readonly string[]> {
  const { table } = await import('../../cli/table.ts');
  const { paint } = view;
  const { total, removed, expired, pinned } = shown.messages;
  const backlog = shown.backlog.messages > 0 ? `${grouped(shown.backlog.messages)} of them, ${size(shown.backlog.bytes)}, in no cold tier yet` : total > removed + expired && 'all in a cold tier too';
  const since = shown.since !== undefined && `${count(shown.since.messages, 'message')}, ${size(shown.since.bytes)}, came since then`;
  const beside = [removed > 0 && `${grouped(removed)} removed`, expired > 0 && `${grouped(expired)} expired`, pinned > 0 && `${grouped(pinned)} pinned`].filter((text) => text !== false);
  const tiers = await table(view, shown.tiers, [
    { head: 'TIER', cell: ({ tier }) => tier },
    { head: 'BLOCKS', cell: ({ blocks }) => grouped(blocks), align: 'right' },
    { head: 'BYTES', cell: ({ tier, bytes }) => (tier === 'hot' ? `${size(bytes)} of ${size(shown.hotBudgetBytes)}` : size(bytes)), align: 'right' },
    { head: 'PLACE', cell: ({ place }) => place },
  ]);
  const jobs = await table(view, shown.jobs, [
    { head: 'LAST RUN OF', cell: ({ job }) => job },
    { head: 'ENDED', cell: ({ ended }) => when(ended) },
    { head: 'AGO', cell: ({ ageSeconds }) => duration(ageSeconds * 1_000), align: 'right' },
    { head: 'EXIT', cell: ({ exit, code }) => (exit === 0 ? paint.good('0 ok') : paint.bad(`${exit} ${code ?? ''}`)) },
    { head: 'COUNTS', cell: ({ counts }) => countsText(counts), prose: true },
  ]);
  return [
    `store ${shown.path}`,
    total === 0 ? 'no messages' : [`${count(total, 'message')}${beside.length === 0 ? '' : ` (${beside.join(', ')})`}`, backlog, since].filter((text) => text !== false).join('; '),
    ...['', ...tiers],
    ...(shown.jobs.length === 0 ? [] : ['', ...jobs]),
    ...(shown.locks.length === 0 ? [] : ['', `${count(shown.locks.length, 'lock')} held: omniplex store lock list`]),
  ];
}

/** The whole first, then its parts; names that a later release adds come last. */
const COUNTS = ['matched', 'moved', 'left', 'checked', 'bad', 'repaired', 'present', 'ended', 'unannounced', 'lost', 'messages', 'blocks', 'unfinished', 'bytes'];
const rank = (name: string): number => (COUNTS.includes(name) ? COUNTS.indexOf(name) : COUNTS.length);

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([name, n]) => (name === 'bytes' ? size(n) : `${name} ${grouped(n)}`))
    .join(', ');

export async function messageLines(shown: ShownMessage, view: View): Promise<readonly string[]> {
  const { table } = await import('../../cli/table.ts');
  const { paint, symbols } = view;
  const { cid, kind, bytes, blocks, copies, pinned, pinnedUntil, stored, read, expires, removed, announcements } = shown;
  const facts = [
    stored !== null && `stored ${when(stored)}`,
    read !== null && `read ${when(read)}`,
    expires !== null && `expires ${when(expires)}`,
    pinned !== null && `pinned ${pinned === 'for good' ? pinned : `until ${when(pinnedUntil)}`}`,
    removed && 'removed: garbage after the grace time',
    kind === 'message' && `${count(announcements, 'inbox', 'inboxes')} told`,
  ].filter((text) => text !== false);
  const rows = await table(view, copies, [
    { head: 'TIER', cell: ({ tier }) => tier },
    { head: 'COPY', cell: (copy) => (copy.verified ? paint.good('whole, hashed just now') : copy.corrupt > 0 ? paint.bad(`${count(copy.corrupt, 'block')} wrong, ${grouped(copy.missing)} missing`) : `${count(copy.missing, 'block')} not here`) },
    { head: 'PLACE', cell: ({ place }) => place },
  ]);
  return [cid, `${kind} of ${size(bytes)}, ${count(blocks, 'block')}`, ...linesOf(facts, ` ${symbols.dot} `, view.columns), '', ...rows];
}

/** Facts beside each other, as many as fit: a narrow terminal breaks between two, not within a date. */
function linesOf(facts: readonly string[], between: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + between.length + fact.length <= columns) lines[lines.length - 1] = line + between + fact;
    else lines.push(fact);
  }
  return lines;
}
