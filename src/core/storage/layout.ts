/**
 * The folder of a store, and the one file that makes it a store.
 *
 *     store.json          {v, id}; written last, so that a folder that has it is whole
 *     hot.db  locks.db    SQLite
 *     cold/blocks/        flat files, as the JavaScript IPFS block store lays them out
 *     cold/announcements/ the packets of a message, one file each
 *     journal/            acknowledgements, one file a month
 *     audit.json          what audits found bad and no full one took back
 *     writers.lock        a share for each send or import under way
 */
import { join } from 'node:path';
import { hexOf, textOf, utf8 } from '../base/bytes.ts';
import { fail, isError } from '../base/errors.ts';
import { readBounded, writeWhole } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import type { Rng } from '../base/rng.ts';

const STORE_VERSION = 1;

export interface StoreLayout {
  readonly root: string;
  readonly description: string;
  readonly hot: string;
  readonly locks: string;
  readonly blocks: string;
  readonly announcements: string;
  readonly journal: string;
  readonly audit: string;
  readonly writers: string;
}

export const layoutOf = (root: string): StoreLayout => ({
  root,
  description: join(root, 'store.json'),
  hot: join(root, 'hot.db'),
  locks: join(root, 'locks.db'),
  blocks: join(root, 'cold', 'blocks'),
  announcements: join(root, 'cold', 'announcements'),
  journal: join(root, 'journal'),
  audit: join(root, 'audit.json'),
  writers: join(root, 'writers.lock'),
});

/** A store's name for itself: 16 random bytes in hexadecimal. Homes remember it, to notice that a store was swapped. */
export const newStoreId = (rng: Rng): string => hexOf(rng.bytes(16));

export const writeDescription = (layout: StoreLayout, id: string): Promise<void> => writeWhole(layout.description, utf8.encode(`${JSON.stringify({ v: STORE_VERSION, id })}\n`));

/** Throws E_NO_STORE, E_VERSION_NEWER, or E_STORE_CORRUPT when the file is not ours. */
export async function readDescription(layout: StoreLayout): Promise<{ readonly id: string }> {
  let text: string;
  try {
    text = textOf(await readBounded(layout.description, limits.storeFileBytesMax, { own: true }));
  } catch (cause) {
    if (isError(cause, 'E_NOT_FOUND')) throw fail('E_NO_STORE', { path: layout.root }, cause);
    throw isError(cause) && !isError(cause, 'E_FORMAT') ? cause : corrupt(layout, 'it is not text', cause);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw corrupt(layout, 'it is not JSON', cause);
  }
  const { v, id } = (value ?? {}) as { v?: unknown; id?: unknown };
  if (typeof v === 'number' && v > STORE_VERSION) throw fail('E_VERSION_NEWER', { kind: 'store', version: v, known: STORE_VERSION });
  if (v !== STORE_VERSION || typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) throw corrupt(layout, 'it is not the description of a store');
  return { id };
}

/** No repair makes it anew: the id in it is written nowhere else in the store. */
const NO_REPAIR = 'Put this one file back from a copy of the store, or bring the store back elsewhere: `omniplex backup restore FILE --what store --store DIR`.';

const corrupt = (layout: StoreLayout, why: string, cause?: unknown) => fail('E_STORE_CORRUPT', { tier: 'store', path: layout.description, why, hint: NO_REPAIR }, cause);
