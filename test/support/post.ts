/** Letters between operators, for tests of the receiving side: sent, fetched, looked at in the store. */
import { bytesOf, concat, type Bytes } from '../../src/core/base/bytes.ts';
import { parseCid, type Cid } from '../../src/core/base/cid.ts';
import { fetch, type FetchRequest, type FetchResult } from '../../src/core/mail/fetch.ts';
import { listInbox, type InboxList } from '../../src/core/mail/inbox.ts';
import { bytesInput } from '../../src/core/mail/input.ts';
import type { Outcome } from '../../src/core/mail/outcome.ts';
import type { SendRequest } from '../../src/core/mail/send-types.ts';
import { secretNames } from '../../src/core/identity/room.ts';
import { decodeManifest } from '../../src/core/message/index.ts';
import { freshWorld, introduce, type Operator, type World } from './mail.ts';

export interface Couple {
  readonly world: World;
  readonly alice: Operator;
  readonly bob: Operator;
}

/** Alice and bob, one store, each the other's verified contact. */
export async function couple(options: { readonly alice?: Parameters<World['operator']>[1]; readonly bob?: Parameters<World['operator']>[1] } = {}): Promise<Couple> {
  const world = await freshWorld();
  const [alice, bob] = [await world.operator('alice', options.alice), await world.operator('bob', options.bob)];
  await introduce(bob, alice);
  await introduce(alice, bob);
  return { world, alice, bob };
}

export async function post(from: Operator, to: readonly string[], content: Bytes | string, options: Partial<SendRequest> & { readonly name?: string } = {}): Promise<Cid> {
  const input = bytesInput(typeof content === 'string' ? bytesOf(content) : content, options.name);
  const { result, error } = await from.app.send({ input, to, ...options });
  if (error !== undefined) throw error;
  return parseCid(result.cid);
}

/** Fetches into memory. What came before a failure is in `content`. */
export async function read({ app }: Pick<Operator, 'app'>, cid: Cid, options: Partial<Omit<FetchRequest, 'cid'>> = {}): Promise<Outcome<FetchResult> & { readonly content: Bytes }> {
  const pieces: Bytes[] = [];
  const answer = await fetch(await app.mail(), { cid, to: { kind: 'stream', write: (piece) => void pieces.push(piece) }, ...options });
  return { ...answer, content: concat(...pieces) };
}

export const inboxOf = async ({ app }: Pick<Operator, 'app'>, request: Parameters<typeof listInbox>[1] = {}): Promise<InboxList> => (await listInbox(await app.mail(), request)).result;

/** Takes every private key that opens mail out of this home, as a restore without prekeys does. */
export async function forgetKeys({ app, name }: Operator): Promise<void> {
  const [home, ring, identities] = [await app.home(), await app.ring(), await app.identities()];
  const { id } = identities.record(name);
  await ring.change((draft) => {
    for (const { kind, keyId } of home.people.keysOf(id)) draft.remove(secretNames.kem(id, kind, keyId));
  });
}

const oneBitOff = (bytes: Bytes): Bytes => bytes.map((byte, i) => (i === 1 ? byte ^ 1 : byte));

/** Puts other bytes where a block is, in hot. */
export async function damage({ app }: Operator, cid: Cid, change = oneBitOff): Promise<void> {
  const { hot } = await app.store();
  const bytes = await hot.get(cid);
  if (bytes === undefined) throw new Error(`no block ${cid}`);
  await hot.put([{ cid, bytes: change(bytes) }]);
}

/** The blocks that a message links. */
export async function linksOf({ app }: Operator, cid: Cid): Promise<readonly Cid[]> {
  const manifest = await (await app.store()).source.get(cid);
  if (manifest === undefined) throw new Error(`no manifest ${cid}`);
  return decodeManifest(manifest).content.links;
}

/** Pseudo-random bytes that compress and repeat nowhere. */
export function noise(length: number, seed = 1): Bytes {
  const bytes = new Uint8Array(length);
  let state = seed * 2_654_435_761 + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** The code that this rejects with; fails when it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'nothing was thrown';
}
