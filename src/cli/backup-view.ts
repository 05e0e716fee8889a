/** Backups: where they may be, what they hold, and how that is told. */
import { rfc3339 } from '../core/base/clock.ts';
import { fail } from '../core/base/errors.ts';
import type { BackupHeader } from '../core/backup/format.ts';
import { choices } from './flags.ts';
import { facts, type Fact } from './facts.ts';
import { count, size, when } from './human.ts';
import type { View } from './output.ts';
import { array, integer, object, oneOf, string, time, type Infer } from './schema.ts';

const parts = ['keys', 'store'] as const;
export type Part = (typeof parts)[number];

export const whatFlag = choices(['keys', 'store', 'all'], { value: 'PART,..', description: 'keys, store, or all' });

/** `all` and nothing given are told apart by the caller. */
export const partsOf = (what: readonly ('keys' | 'store' | 'all')[]): readonly Part[] => parts.filter((part) => what.includes(part) || what.includes('all'));

export const whatSchema = array(oneOf(parts), 'keys: identities, contacts, outbox, without prekeys; store: sealed messages');

export const headerRow = object({
  path: string(),
  bytes: integer(),
  created: time(),
  what: whatSchema,
  kdf: object({ name: oneOf(['argon2id']), memoryKib: integer(), passes: integer(), lanes: integer() }, 'what the passphrase costs'),
});

export const headerRowOf = (path: string, { header: { createdAtMs, what, kdf }, bytes }: { readonly header: BackupHeader; readonly bytes: number }): Infer<typeof headerRow> => ({
  path,
  bytes,
  created: rfc3339(createdAtMs),
  what: [...what],
  kdf: { name: 'argon2id', memoryKib: kdf.memoryKib, passes: kdf.passes, lanes: kdf.lanes },
});

export const storeCounts = object({ messages: integer(), blocks: integer(), bytes: integer() });

export const storeText = ({ messages, blocks, bytes }: Infer<typeof storeCounts>): string => `${count(messages, 'message')}, ${count(blocks, 'block')}, ${size(bytes)}`;

const WHAT = { keys: 'keys (identities, contacts, outbox; no prekeys)', store: 'store (sealed messages)' } as const;

export const headerFacts = ({ bytes, created, what, kdf }: Infer<typeof headerRow>): readonly Fact[] => [
  ['made', when(created)],
  ['holds', what.map((part) => WHAT[part])],
  ['size', size(bytes)],
  ['passphrase', `argon2id, ${size(kdf.memoryKib * 1024)}, ${count(kdf.passes, 'pass', 'passes')}`],
];

export const headerLines = (row: Infer<typeof headerRow>, view: View): readonly string[] => [row.path, ...facts(view, headerFacts(row))];

/** A file by its path: what is kept elsewhere, or on stdout, this release does not write. Throws E_NOT_SUPPORTED, E_USAGE. */
export function backupPath(typed: string): string {
  if (/^[a-z][a-z0-9]+:/.test(typed)) throw fail('E_NOT_SUPPORTED', { what: 'a backup at an address', backend: 'this release: name a file' });
  if (typed === '-') throw fail('E_USAGE', { why: 'a backup needs a file: it comes into being whole or not at all' });
  return typed;
}
