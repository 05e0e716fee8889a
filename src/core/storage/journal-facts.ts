/** Questions to the journal about many messages at once: one pass each. */
import type { Acknowledgement, Journal } from './ports.ts';

/** Those of `cids` that were let go on purpose and not acknowledged again since. */
export async function releasedOf(journal: Journal, cids: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const releasedAtMs = new Map<string, number>();
  for await (const { cid, atMs } of journal.releasedSince(0)) {
    const text = cid.toString();
    if (cids.has(text)) releasedAtMs.set(text, Math.max(atMs, releasedAtMs.get(text) ?? 0));
  }
  if (releasedAtMs.size === 0) return new Set();
  for await (const { cid, atMs } of journal.since(0)) {
    const text = cid.toString();
    if ((releasedAtMs.get(text) ?? Number.POSITIVE_INFINITY) < atMs) releasedAtMs.delete(text);
  }
  return new Set(releasedAtMs.keys());
}

/** The strongest level that each message was acknowledged at since then, with every inbox it was announced to. */
export async function acknowledgedSince(journal: Journal, sinceMs: number): Promise<ReadonlyMap<string, Acknowledgement>> {
  const levels = ['accepted', 'hot', 'replicated', 'cold'] as const;
  const known = new Map<string, Acknowledgement>();
  for await (const one of journal.since(sinceMs)) {
    const text = one.cid.toString();
    const before = known.get(text);
    const durability = before !== undefined && levels.indexOf(before.durability) > levels.indexOf(one.durability) ? before.durability : one.durability;
    const inboxes = before === undefined ? one.inboxes : [...before.inboxes, ...one.inboxes.filter((inbox) => !before.inboxes.some((other) => Buffer.compare(other, inbox) === 0))];
    known.set(text, { ...one, durability, inboxes });
  }
  return known;
}
