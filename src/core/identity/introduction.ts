/**
 * Introduction: all that a stranger needs of an identity (genesis, bundles, perhaps a revocation), believed only after every
 * signature held. A `.bundle` file is a CARv1 of exactly these blocks; any other CAR may carry them among its own.
 * What it does not promise: that the identity belongs to whom its name says. That is what the twelve words are for.
 * Spec: docs/formats/identity.md
 */
import { hexOf, type Bytes } from '../base/bytes.ts';
import type { Block } from '../base/block.ts';
import { encodeCar, piecesOf, readCar } from '../base/car.ts';
import { cidOf, DAG_CBOR, digestOf, RAW, sameCid, type Cid } from '../base/cid.ts';
import { decode } from '../base/codec.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { CryptoProvider } from '../crypto/index.ts';
import { checkFollows, decodeBundle, verifyBundle, type Bundle } from './bundle.ts';
import { decodeGenesis, type Genesis } from './genesis.ts';
import { decodeRevocation, verifyRevocation, type Revocation } from './revocation.ts';
import { requireUsableKeys } from './usable-keys.ts';

export interface Introduction {
  readonly genesis: Genesis;
  /** Verified, earliest first, each following the one before it. Never empty. */
  readonly bundles: readonly Bundle[];
  readonly newest: Bundle;
  readonly revocation?: Revocation | undefined;
}

/** Blocks of one identity that have not been believed yet. */
interface Candidates {
  readonly bundles: Bundle[];
  revocation?: Revocation;
}

const looksLike = (value: unknown, fields: readonly string[]): boolean => value !== null && typeof value === 'object' && fields.every((field) => Object.hasOwn(value, field));

/** Collects from blocks what may belong to an identity; content, manifests and packets pass by. */
class Collector {
  readonly #geneses = new Map<string, Genesis>();
  readonly #candidates = new Map<string, Candidates>();
  /** Every block taken, in the order of the file. */
  readonly cids: Cid[] = [];
  #bytes = 0;
  #alone = true;

  /** False once a block came that is no part of an introduction. */
  get alone(): boolean {
    return this.#alone;
  }

  add(block: Block): void {
    if (!this.#take(block)) this.#alone = false;
  }

  /** True when the block is part of an introduction. */
  #take({ cid, bytes }: Block): boolean {
    if (cid.code === RAW) return false;
    let value: unknown;
    try {
      value = decode('block', bytes);
    } catch (cause) {
      // A block that is not ours to read. A bundle in another spelling would be, but its form says so itself.
      if (isError(cause, 'E_FORMAT', 'E_CID_INVALID')) return false;
      throw cause;
    }
    if (looksLike(value, ['signing', 'kem', 'seq'])) return this.#count(cid, bytes, () => this.#addBundle(decodeBundle(bytes)));
    if (looksLike(value, ['reason', 'signatures'])) return this.#count(cid, bytes, () => this.#addRevocation(decodeRevocation(bytes)));
    const isGenesis = looksLike(value, ['v', 'keys']) && Object.keys(value as object).length === 2;
    return isGenesis && this.#count(cid, bytes, () => this.#geneses.set(hexOf(digestOf(cid)), decodeGenesis(bytes)));
  }

  #count(cid: Cid, bytes: Bytes, take: () => unknown): true {
    this.#bytes += bytes.length;
    if (this.#bytes > limits.bundleFileBytesMax) throw fail('E_TOO_MANY', { what: 'bytes of bundles', count: this.#bytes, max: limits.bundleFileBytesMax });
    this.cids.push(cid);
    take();
    return true;
  }

  #addBundle(bundle: Bundle): void {
    this.#of(bundle).bundles.push(bundle);
  }

  #addRevocation(revocation: Revocation): void {
    this.#of(revocation).revocation = revocation;
  }

  #of({ id }: { readonly id: Cid }): Candidates {
    const key = hexOf(digestOf(id));
    const known = this.#candidates.get(key) ?? { bundles: [] };
    this.#candidates.set(key, known);
    return known;
  }

  /** Throws when anything that was collected does not hold. */
  introductions(crypto: CryptoProvider): readonly Introduction[] {
    return [...this.#candidates].map(([id, { bundles, revocation }]) => {
      const genesis = this.#geneses.get(id);
      if (genesis === undefined) throw fail('E_FORMAT', { kind: 'bundle file', why: 'a bundle comes without its genesis' });
      return believe(crypto, genesis, bundles, revocation);
    });
  }
}

/** Throws E_FORMAT, E_SIGNATURE, E_BUNDLE_CHAIN, E_KEY_INVALID. */
function believe(crypto: CryptoProvider, genesis: Genesis, bundles: readonly Bundle[], revocation?: Revocation): Introduction {
  const ordered = [...bundles].sort((a, b) => a.seq - b.seq).filter((bundle, i, all) => i === 0 || !sameCid(bundle.cid, (all[i - 1] as Bundle).cid));
  const newest = ordered.at(-1);
  if (newest === undefined) throw fail('E_FORMAT', { kind: 'bundle file', why: 'it has no bundle' });
  for (const bundle of ordered) verifyBundle(crypto, genesis, bundle);
  ordered.slice(1).forEach((bundle, i) => {
    const [before, name] = [ordered[i] as Bundle, bundle.name ?? genesis.id.toString()];
    if (bundle.seq === before.seq) throw fail('E_BUNDLE_CHAIN', { seq: bundle.seq, name });
    checkFollows(before, bundle, name);
  });
  if (revocation !== undefined) verifyRevocation(crypto, genesis, revocation);
  requireUsableKeys(crypto, newest);
  return { genesis, bundles: ordered, newest, revocation };
}

/** The two blocks that a message may carry (`--introduce`). Throws as `believe`, and what the decoders throw. */
export const believeBlocks = (crypto: CryptoProvider, { genesis, bundle }: { readonly genesis: Bytes; readonly bundle: Bytes }): Introduction =>
  believe(crypto, decodeGenesis(genesis), [decodeBundle(bundle)]);

/** The blocks of an introduction: genesis, revocation, bundles from the earliest on. For any CAR that shall carry them. */
export const introductionBlocks = ({ genesis, bundles, revocation }: Omit<Introduction, 'newest'>): readonly Block[] =>
  [genesis.block, ...(revocation ? [revocation.block] : []), ...bundles.map(({ block }) => block)].map((bytes) => ({ cid: cidOf(DAG_CBOR, bytes), bytes }));

/** The bytes of a `.bundle` file; its one root is the newest bundle. */
export const encodeBundleFile = (introduction: Introduction): Bytes => encodeCar([introduction.newest.cid], introductionBlocks(introduction));

/**
 * Hostile input: every identity that a CAR introduces; none is an empty list. A file of nothing but such blocks is a bundle file and
 * has one spelling: one identity, its newest bundle as the root, in the order of `introductionBlocks`.
 * Throws what `readCar` and `believe` throw.
 */
export async function readIntroductions(crypto: CryptoProvider, pieces: AsyncIterable<Bytes>, place: string): Promise<readonly Introduction[]> {
  const collector = new Collector();
  const car = await readCar(pieces, place);
  for await (const block of car.blocks) collector.add(block);
  const introductions = collector.introductions(crypto);
  if (!collector.alone) return introductions;
  const [introduction, ...others] = introductions;
  if (introduction === undefined || others.length > 0) throw fail('E_FORMAT', { kind: 'bundle file', why: 'it does not introduce exactly one identity' });
  const expected = [introduction.newest.cid, ...introductionBlocks(introduction).map(({ cid }) => cid)];
  const found = [...car.roots, ...collector.cids];
  if (car.roots.length !== 1 || found.length !== expected.length || !expected.every((cid, i) => sameCid(cid, found[i] as Cid))) {
    throw fail('E_NOT_CANONICAL', { kind: 'bundle file' });
  }
  return introductions;
}

/** Hostile input: whether the block is of the form of a genesis, a bundle or a revocation. Nothing of it is believed. */
export function isIntroducing(block: Block): boolean {
  const collector = new Collector();
  try {
    collector.add(block);
  } catch (error) {
    if (!isError(error)) throw error;
    return false;
  }
  return collector.alone;
}

/** Hostile input: every identity that these blocks introduce, each of which was hashed; none is an empty list. Throws what `believe` throws. */
export function introductionsAmong(crypto: CryptoProvider, blocks: readonly Block[]): readonly Introduction[] {
  const collector = new Collector();
  for (const block of blocks) collector.add(block);
  return collector.introductions(crypto);
}

/** A `.bundle` file at hand, or any CAR that introduces one identity. Throws E_FORMAT when it introduces none or several. */
export async function decodeBundleFile(crypto: CryptoProvider, bytes: Bytes): Promise<Introduction> {
  const [introduction, ...others] = await readIntroductions(crypto, piecesOf(bytes), 'this file');
  if (introduction === undefined || others.length > 0) throw fail('E_FORMAT', { kind: 'bundle file', why: 'it does not introduce exactly one identity' });
  return introduction;
}
