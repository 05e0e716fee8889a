/** What the journal comes to, in one pass: which promises still bind, what was let go, and the effect of every --id. */
import { equalBytes, hexOf } from '../base/bytes.ts';
import { isError, type OmniplexError } from '../base/errors.ts';
import { isExpired } from './expiry.ts';
import { durabilities, type Acknowledgement, type Journal, type Operation, type Release } from './ports.ts';

export interface JournalFacts {
  /** By CID: the strongest level, and every inbox that is still to be told. What was let go is here too. */
  readonly acknowledged: ReadonlyMap<string, Acknowledgement>;
  /** Let go on purpose and not acknowledged again since. */
  readonly released: ReadonlySet<string>;
  /** The newest effect of each id, by its key: what was let go keeps its effect. */
  readonly operations: ReadonlyMap<string, Operation>;
  /** Why this is not all: a file is damaged, and was read as far as it goes. */
  readonly damage: OmniplexError | undefined;
}

/** The promises that still bind: neither let go nor expired. */
export function* bindingAt({ acknowledged, released }: JournalFacts, nowMs: number): Generator<readonly [string, Acknowledgement]> {
  for (const [text, one] of acknowledged) if (!released.has(text) && !isExpired(one, nowMs)) yield [text, one];
}

/** Never throws for damage: whoever would do harm with half the truth looks at `damage`, or calls `soundFacts`. */
export async function journalFacts(journal: Journal, sinceMs = 0): Promise<JournalFacts> {
  const facts = new Facts();
  let damage: OmniplexError | undefined;
  try {
    for await (const entry of journal.entries(sinceMs)) {
      if (entry.kind === 'acknowledged') facts.acknowledge(entry.acknowledgement);
      else facts.release(entry.release);
    }
  } catch (error) {
    if (!isError(error, 'E_STORE_CORRUPT')) throw error;
    damage = error;
  }
  const { acknowledged, released, operations } = facts;
  return { acknowledged, released, operations, damage };
}

/** Throws E_STORE_CORRUPT when the journal is damaged. */
export async function soundFacts(journal: Journal, sinceMs = 0): Promise<JournalFacts> {
  const facts = await journalFacts(journal, sinceMs);
  if (facts.damage !== undefined) throw facts.damage;
  return facts;
}

class Facts {
  readonly acknowledged = new Map<string, Acknowledgement>();
  readonly released = new Set<string>();
  readonly operations = new Map<string, Operation>();

  acknowledge(one: Acknowledgement): void {
    const text = one.cid.toString();
    const before = this.released.delete(text) ? undefined : this.acknowledged.get(text);
    this.acknowledged.set(text, before === undefined ? one : joined(before, one));
    if (one.operation !== undefined) this.operations.set(hexOf(one.operation.key), { ...one.operation, cid: one.cid });
  }

  release({ cid, inboxes }: Release): void {
    const text = cid.toString();
    const before = this.acknowledged.get(text);
    if (inboxes === undefined) this.released.add(text);
    else if (before !== undefined) this.acknowledged.set(text, { ...before, inboxes: before.inboxes.filter((inbox) => !inboxes.some((gone) => equalBytes(gone, inbox))) });
  }
}

function joined(before: Acknowledgement, one: Acknowledgement): Acknowledgement {
  const isStronger = durabilities.indexOf(before.durability) > durabilities.indexOf(one.durability);
  const inboxes = [...before.inboxes, ...one.inboxes.filter((inbox) => !before.inboxes.some((other) => equalBytes(other, inbox)))];
  return { ...one, durability: isStronger ? before.durability : one.durability, inboxes };
}
