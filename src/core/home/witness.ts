/**
 * Is this home the one, or a copy, or an old state put back? Two checks, each with its limit:
 * - its place (machine and inode of its folder) must be the one it was made at: finds copies, needs no store;
 * - every store that it uses keeps a note of how far the home has come: a note that is further, or of another instance, means
 *   that this home was rolled back or superseded by a restore. A store that loses or withholds the note finds nothing.
 * The store learns that some home wrote a note, and when; name and content of it are keyed.
 * A way out: `backup create` works in a copy, and `backup restore` makes a new instance that every store then follows.
 */
import { createHmac } from 'node:crypto';
import { bytesOf, concat, equalBytes, hexOf, type Bytes } from '../base/bytes.ts';
import { fail } from '../base/errors.ts';
import type { HotTier } from '../storage/ports.ts';
import type { Home } from './home.ts';
import { placeOf } from './place.ts';

const INSTANCE_BYTES = 16;
const GENERATION_BYTES = 8;
const MAC_BYTES = 16;
/** Of one check: another process of this home may write the note at the same time. */
const TRIES = 5;

const mac = (key: Bytes, kind: string, ...parts: readonly Bytes[]): Bytes => {
  const hmac = createHmac('sha256', key).update(bytesOf(`omniplex/v1/${kind}\0`));
  for (const part of parts) hmac.update(part);
  return new Uint8Array(hmac.digest());
};

/** Throws E_HOME_COPIED when the home is not where it was made. A home whose identities are all send-only may be copied. */
export async function requireOriginalPlace(home: Home): Promise<void> {
  if (mayBeCopied(home)) return;
  if (!equalBytes(await placeOf(home.path, home.id), home.instance.place)) throw fail('E_HOME_COPIED', { why: 'it is not where it was made' });
}

/** Nothing in it has a sequence to lose: every identity is send-only. */
export const mayBeCopied = (home: Home): boolean => home.people.identities.list('true').every(({ sendOnly }) => sendOnly);

interface Note {
  readonly instance: Bytes;
  readonly generation: number;
}

function encodeNote(key: Bytes, { instance, generation }: Note): Bytes {
  const body = new Uint8Array(INSTANCE_BYTES + GENERATION_BYTES);
  body.set(instance);
  new DataView(body.buffer).setBigUint64(INSTANCE_BYTES, BigInt(generation));
  return concat(body, mac(key, 'witness-note', body).subarray(0, MAC_BYTES));
}

/** Undefined when the store has made it up. */
function decodeNote(key: Bytes, bytes: Bytes): Note | undefined {
  const body = bytes.subarray(0, INSTANCE_BYTES + GENERATION_BYTES);
  if (!equalBytes(bytes.subarray(body.length), mac(key, 'witness-note', body).subarray(0, MAC_BYTES))) return undefined;
  const generation = Number(new DataView(body.buffer, body.byteOffset).getBigUint64(INSTANCE_BYTES));
  return { instance: body.subarray(0, INSTANCE_BYTES), generation };
}

/**
 * Compares this home with what the store last saw of it and leaves a newer note. Call it before private state is used with a store.
 * Throws E_HOME_COPIED (rolled back, or another instance is ahead), E_BUSY (other processes of this home kept writing), E_MAC (the note was forged).
 */
export async function witness(home: Home, store: Pick<HotTier, 'note' | 'setNote'>): Promise<void> {
  if (mayBeCopied(home)) return;
  await requireOriginalPlace(home);
  const { instance, witnessKey } = home.instance;
  const name = noteName(witnessKey);
  for (let i = 0; i < TRIES; i++) {
    const found = await store.note(name);
    const here: Note = { instance, generation: home.generation };
    if (found !== undefined && !isBehind(witnessKey, found, here)) return;
    if (await store.setNote(name, encodeNote(witnessKey, here), found)) return;
  }
  throw fail('E_BUSY', { what: 'the note of this home in the store' });
}

/**
 * The same comparison for whoever only looks: it leaves no note. Throws E_HOME_COPIED (rolled back, or another instance is ahead),
 * E_MAC (the note was forged), and what reading the store throws.
 */
export async function requireNotOvertaken(home: Home, store: Pick<HotTier, 'note'>): Promise<void> {
  if (mayBeCopied(home)) return;
  const { instance, witnessKey } = home.instance;
  const found = await store.note(noteName(witnessKey));
  if (found !== undefined) isBehind(witnessKey, found, { instance, generation: home.generation });
}

const noteName = (key: Bytes): string => `witness/${hexOf(mac(key, 'witness-name'))}`;

/** True when the note must be replaced, false when it says the same. Throws E_HOME_COPIED when it is ahead of this home. */
function isBehind(key: Bytes, bytes: Bytes, here: Note): boolean {
  const note = decodeNote(key, bytes);
  if (note === undefined) throw fail('E_MAC', { kind: 'the note of this home in the store' });
  const same = equalBytes(note.instance, here.instance);
  if (note.generation > here.generation) {
    throw fail('E_HOME_COPIED', { why: same ? 'the store has seen a later state of it' : 'it was restored elsewhere, and that home has taken over' });
  }
  if (!same && note.generation === here.generation) throw fail('E_HOME_COPIED', { why: 'another instance of it is in use' });
  return !same || note.generation < here.generation;
}
