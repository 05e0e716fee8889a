/**
 * The tour behind `quickstart`: two operators and a stranger, each with a home of their own, share a throw-away store, and a real file goes
 * all the way. Every step is the product at work, and says what was found, so that a wrong step is an error and not a line of praise.
 * What it does not promise: that the passphrase of these homes is kept anywhere. It is random, and gone when the tour ends.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, hexOf } from './base/bytes.ts';
import { parseCid, type Cid } from './base/cid.ts';
import { systemClock, type Clock } from './base/clock.ts';
import { isError, type ErrorCode } from './base/errors.ts';
import { makePrivateFolder } from './base/files.ts';
import { systemRng, type Rng } from './base/rng.ts';
import { Secret } from './base/secret.ts';
import { createHome } from './home/index.ts';
import { decodeBundleFile, formatFingerprint } from './identity/index.ts';
import { fileInput } from './mail/input.ts';
import { OmniPlex } from './omniplex.ts';
import { blockLinks, linkLayout } from './message/nodes.ts';
import { decodeManifest } from './message/manifest.ts';
import { describePacket } from './packet/describe.ts';
import { demote } from './storage/demote.ts';
import { promote } from './storage/promote.ts';
import { createStore } from './storage/store.ts';

export type TourStep =
  | { readonly step: 'people'; readonly people: ReadonlyArray<{ readonly name: string; readonly algorithms: readonly string[]; readonly fingerprint: string }> }
  | { readonly step: 'contacts'; readonly bundleBytes: number; readonly verified: boolean }
  | {
      readonly step: 'send';
      readonly cid: string;
      readonly bytes: number;
      readonly blocks: number;
      readonly names: readonly string[];
      readonly postQuantum: boolean;
      readonly durability: string;
    }
  | { readonly step: 'packet'; readonly hex: string; readonly type: string; readonly inbox: string }
  | { readonly step: 'fetch' | 'cold-fetch'; readonly from: string; readonly same: boolean; readonly sender: string | null; readonly verified: boolean }
  | { readonly step: 'stranger' | 'tampered'; readonly refused: ErrorCode | null; readonly file: string | null }
  | { readonly step: 'demote' | 'promote'; readonly moved: number; readonly hotBytes: number };

export interface TourOptions {
  /** Where everything is made; new or empty. Left to the caller to remove. */
  readonly folder: string;
  readonly file: string;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly rng?: Rng;
}

/** Enough to show how a message is cut. */
const NAMES_SHOWN = 3;

/** Yields each step once it is done. Throws what the product throws: nothing here is expected to fail but the two refusals, which are answers. */
export async function* tour(options: TourOptions): AsyncGenerator<TourStep> {
  await using party = await Party.gather(options);
  const { alice, bob, mallory, folder } = party;
  yield { step: 'people', people: await Promise.all([alice, bob, mallory].map(async (app) => peopleOf(app))) };
  yield { step: 'contacts', ...(await acquaint(alice, bob)) };

  const { result } = await alice.send({ input: await fileInput(options.file), to: ['bob'], receipt: 'opened' });
  const cid = parseCid(result.cid);
  const names = await blockNames(bob, cid);
  const { bytes, blocks, postQuantum, durability } = result;
  yield { step: 'send', cid: result.cid, bytes, blocks, names, postQuantum, durability: durability.true };
  yield { step: 'packet', ...(await packetOf(bob, cid)) };

  yield { step: 'fetch', ...(await fetchAndCompare(bob, cid, options.file, join(folder, 'fetched'))) };
  yield { step: 'stranger', ...(await refusalOf(mallory, cid, join(folder, 'stranger'))) };

  const store = await bob.store();
  const demoted = await demote(store, { cids: [cid] });
  yield { step: 'demote', moved: demoted.moved, hotBytes: (await store.hot.usage()).bytes };
  yield { step: 'cold-fetch', ...(await fetchAndCompare(bob, cid, options.file, join(folder, 'fetched-cold'))) };

  const restore = await flipOneBit(store.layout.blocks);
  yield { step: 'tampered', ...(await refusalOf(bob, cid, join(folder, 'tampered'))) };
  await restore();

  const promoted = await promote(store, { cids: [cid] });
  yield { step: 'promote', moved: promoted.moved, hotBytes: (await store.hot.usage()).bytes };
}

class Party implements AsyncDisposable {
  readonly alice: OmniPlex;
  readonly bob: OmniPlex;
  readonly mallory: OmniPlex;
  readonly folder: string;
  readonly #secrets: readonly Secret[];

  private constructor(folder: string, [alice, bob, mallory]: readonly [OmniPlex, OmniPlex, OmniPlex], secrets: readonly Secret[]) {
    this.folder = folder;
    this.alice = alice;
    this.bob = bob;
    this.mallory = mallory;
    this.#secrets = secrets;
  }

  static async gather({ folder, signal, clock = systemClock, rng = systemRng }: TourOptions): Promise<Party> {
    await makePrivateFolder(folder);
    const store = join(folder, 'store');
    await createStore(store, { clock, rng });
    const secrets: Secret[] = [];
    const admit = async (name: string): Promise<OmniPlex> => {
      const home = join(folder, name);
      (await createHome(home, { clock, rng })).close();
      const secret = new Secret(bytesOf(hexOf(rng.bytes(16))));
      secrets.push(secret);
      const app = await OmniPlex.open({
        ...{ home, store, clock, rng, as: name, passphrase: async () => secret, settings: { 'fetch.promote': 'never' }, holder: 'omniplex quickstart' },
        ...(signal && { signal }),
      });
      await (await app.identities()).create(name);
      return app;
    };
    return new Party(folder, [await admit('alice'), await admit('bob'), await admit('mallory')], secrets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const app of [this.alice, this.bob, this.mallory]) await app.close();
    for (const secret of this.#secrets) secret.wipe();
  }
}

async function peopleOf(app: OmniPlex) {
  const [me] = (await app.identities()).list();
  if (me === undefined) throw new Error('a person of the tour has no identity');
  return { name: me.name, algorithms: me.algorithms, fingerprint: formatFingerprint(me.fingerprint) };
}

/** Bundles change hands, and each types the words that the other reads. */
async function acquaint(alice: OmniPlex, bob: OmniPlex): Promise<{ bundleBytes: number; verified: boolean }> {
  let bundleBytes = 0;
  let verified = true;
  for (const [one, other, name] of [[alice, bob, 'bob'], [bob, alice, 'alice']] as const) {
    const { bytes, identity } = await (await other.identities()).exportBundle(name);
    const contacts = await one.contacts();
    contacts.add([{ introduction: await decodeBundleFile(await one.crypto(), bytes), name }]);
    verified &&= contacts.verify(name, identity.fingerprint, 'words').contact.verified !== undefined;
    bundleBytes = bytes.length;
  }
  return { bundleBytes, verified };
}

async function blockNames(app: OmniPlex, cid: Cid): Promise<readonly string[]> {
  const { source } = await app.store();
  const bytes = await source.get(cid);
  if (bytes === undefined) throw new Error('the manifest that was just sent is not there');
  const { content } = decodeManifest(bytes);
  const { depth, blocks } = linkLayout(content.bytes);
  const load = async (node: Cid) => (await source.get(node)) as Uint8Array;
  const names: string[] = [];
  for await (const links of blockLinks({ links: content.links, depth, blocks }, 0, Math.min(blocks, NAMES_SHOWN), load)) names.push(...links.map(String));
  return names;
}

async function packetOf(app: OmniPlex, cid: Cid): Promise<{ hex: string; type: string; inbox: string }> {
  const [announcement] = await (await app.store()).hot.inbox.ofMessage(cid);
  if (announcement === undefined) throw new Error('the message that was just sent is not announced');
  const { type, inbox } = describePacket(announcement.packet);
  return { hex: hexOf(announcement.packet), type, inbox };
}

async function fetchAndCompare(app: OmniPlex, cid: Cid, original: string, path: string) {
  const { result } = await app.fetch({ cid, to: { kind: 'path', path } });
  const [sent, received] = await Promise.all([digestOfFile(original), digestOfFile(path)]);
  return { from: result.from, same: sent === received, sender: result.sender.name, verified: result.sender.verified };
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

/** With which code a fetch was refused (null: it was not), and which file it left (null: none). */
async function refusalOf(app: OmniPlex, cid: Cid, path: string): Promise<{ refused: ErrorCode | null; file: string | null }> {
  const left = () => stat(path).then(() => path, () => null);
  try {
    await app.fetch({ cid, to: { kind: 'path', path } });
    return { refused: null, file: await left() };
  } catch (error) {
    if (!isError(error)) throw error;
    return { refused: error.code, file: await left() };
  }
}

/** In the largest file of the cold tier. Answers how to put it right again. */
async function flipOneBit(folder: string): Promise<() => Promise<void>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sized = await Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(path)).size })));
  const largest = sized.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const flip = async (): Promise<void> => {
    const handle = await open(largest.path, 'r+');
    const byte = new Uint8Array(1);
    const at = Math.floor(largest.bytes / 2);
    await handle.read(byte, 0, 1, at);
    byte[0] = (byte[0] as number) ^ 1;
    await handle.write(byte, 0, 1, at);
    await handle.close();
  };
  await flip();
  return flip;
}

/** Removes what a tour made. */
export const endTour = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
