/**
 * The identities that a CAR introduces, with what of it holds: each signature under the keys that came along, and the chain between bundles.
 * A signature needs no private key, so all of this is offline. What it does not promise: that an identity belongs to whom its name says.
 */
import type { Block } from '../base/block.ts';
import type { Bytes } from '../base/bytes.ts';
import { cidOf, DAG_CBOR, type Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail, isError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { CryptoProvider, VerifyingKeys } from '../crypto/index.ts';
import { decodeBundle, verifyBundle, type Bundle } from '../identity/bundle.ts';
import { decodeGenesis, type Genesis } from '../identity/genesis.ts';
import { introductionsAmong } from '../identity/introduction.ts';
import { decodeRevocation, type Revocation } from '../identity/revocation.ts';
import type { IntroducedFacts } from './description.ts';
import { claimsOf } from './people.ts';

export type PersonalKind = 'genesis' | 'bundle' | 'revocation';

interface Person {
  readonly blocks: Block[];
  readonly bundles: Bundle[];
  genesis?: Genesis;
  revocation?: Revocation;
}

export class People {
  readonly #people = new Map<string, Person>();
  /** Every block taken, in the order of the file. */
  readonly blocks: Block[] = [];
  #bytes = 0;

  /** Of a block that was described as this kind. Throws E_TOO_MANY. */
  add(kind: PersonalKind, bytes: Bytes): void {
    this.#bytes += bytes.length;
    if (this.#bytes > limits.bundleFileBytesMax) throw fail('E_TOO_MANY', { what: 'bytes of bundles', count: this.#bytes, max: limits.bundleFileBytesMax });
    const block = { cid: cidOf(DAG_CBOR, bytes), bytes };
    this.blocks.push(block);
    if (kind === 'genesis') {
      const genesis = decodeGenesis(bytes);
      this.#of(genesis.id, block).genesis = genesis;
    } else if (kind === 'bundle') {
      const bundle = decodeBundle(bytes);
      this.#of(bundle.id, block).bundles.push(bundle);
    } else {
      const revocation = decodeRevocation(bytes);
      this.#of(revocation.id, block).revocation = revocation;
    }
  }

  #of(id: Cid, block: Block): Person {
    const person = this.#people.get(id.toString()) ?? { blocks: [], bundles: [] };
    this.#people.set(id.toString(), person);
    person.blocks.push(block);
    return person;
  }

  /** Identities with at least one bundle. `chained`: their bundles must follow each other, as in anything that a reader is to believe whole. */
  facts(crypto: CryptoProvider, chained: boolean): readonly IntroducedFacts[] {
    return [...this.#people.values()].flatMap((person) => {
      const newest = person.bundles.toSorted((a, b) => a.seq - b.seq).at(-1);
      if (newest === undefined) return [];
      const { revocation } = person;
      const revoked = revocation === undefined ? null : { reason: revocation.reason, at: rfc3339(revocation.atMs) };
      return [{ ...claimsOf(newest), bundles: person.bundles.length, revoked, code: refusalOf(crypto, person, chained) }];
    });
  }

  /**
   * The keys that signed under a bundle: those of that bundle, or of another that is certified for its number, if they hold. A sender may
   * have been known by an older bundle with the same keys: then the newest is tried, and the signature itself decides.
   */
  signingKeys(crypto: CryptoProvider, identity: Cid, sequence: number): { readonly keys: VerifyingKeys; readonly name: string | null } | undefined {
    const { genesis, bundles } = this.#people.get(identity.toString()) ?? { bundles: [] };
    if (genesis === undefined) return undefined;
    const held = bundles.filter((bundle) => codeOf(() => verifyBundle(crypto, genesis, bundle)) === null).toSorted((a, b) => a.seq - b.seq);
    const found = held.find(({ seq }) => seq === sequence) ?? held.find(({ seq, signing }) => signing.from <= sequence && sequence <= seq) ?? held.findLast(({ seq }) => seq < sequence);
    return found && { keys: found.signing.keys, name: found.name ?? null };
  }
}

function refusalOf(crypto: CryptoProvider, { genesis, bundles, blocks }: Person, chained: boolean): string | null {
  return codeOf(() => {
    if (chained) return introductionsAmong(crypto, blocks);
    if (genesis === undefined) throw fail('E_FORMAT', { kind: 'bundle', why: 'it comes without its genesis' });
    for (const bundle of bundles) verifyBundle(crypto, genesis, bundle);
    return undefined;
  });
}

function codeOf(check: () => unknown): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (isError(error)) return error.code;
    throw error;
  }
}

