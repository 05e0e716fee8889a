/**
 * One pass over a CAR of any origin, one block in memory at a time: which blocks are there, and of those that have a structure, what they are.
 * Hostile input: every block is hashed; what is kept of it is bounded, and more is E_TOO_MANY. Damage ends the pass and is kept, not thrown,
 * so that what came before it can be told.
 */
import type { Block } from '../base/block.ts';
import type { Bytes } from '../base/bytes.ts';
import { readCar } from '../base/car.ts';
import { DAG_CBOR, digestOf, RAW, type Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { decodeManifest } from '../message/manifest.ts';
import { decodeNode, linkLayout } from '../message/nodes.ts';
import { blockCid, inboxCid } from '../packet/packet.ts';
import { decodePacket } from '../packet/codec.ts';
import { PACKET_BYTES } from '../packet/words.ts';
import { decodeIndex, type CarIndex } from '../storage/car-index.ts';
import { describeKnown, isEvidence, type LoadCrypto } from './block.ts';
import type { ManifestFacts } from './description.ts';
import { People } from './introduced.ts';
import { looksOf } from './marks.ts';

/** Digests one after the other: a tenth of what as many CIDs take. */
export class Links {
  readonly #digests: Bytes;

  constructor(cids: readonly Cid[]) {
    this.#digests = new Uint8Array(cids.length * 32);
    cids.forEach((cid, i) => this.#digests.set(digestOf(cid), i * 32));
  }

  get count(): number {
    return this.#digests.length / 32;
  }

  *keys(): Generator<string> {
    for (let at = 0; at < this.#digests.length; at += 32) yield keyOfDigest(this.#digests.subarray(at, at + 32));
  }
}

const keyOfDigest = (digest: Bytes): string => Buffer.from(digest.buffer, digest.byteOffset, digest.length).toString('latin1');
export const keyOf = (cid: Cid): string => keyOfDigest(digestOf(cid));

export interface ScannedManifest {
  readonly facts: ManifestFacts;
  readonly links: Links;
  readonly depth: number;
  readonly blocks: number;
  /** All of them, the manifest and its link nodes included. */
  readonly total: number;
}

/** What a packet shows without a key. */
export interface ScannedPacket {
  readonly inbox: string;
  /** Undefined where a mask hides it. */
  readonly about: string | undefined;
  readonly expires: string | null;
}

export class CarScan {
  roots: readonly Cid[] = [];
  sections = 0;
  others = 0;
  /** What ended the pass before its time. */
  damage: OmniplexError | undefined;
  readonly present = new Set<string>();
  readonly manifests = new Map<string, ScannedManifest>();
  readonly nodes = new Map<string, Links>();
  readonly packets = new Map<string, ScannedPacket>();
  readonly indexes: CarIndex[] = [];
  readonly evidence: Block[] = [];
  /** Structured blocks that begin like one of ours and are none. */
  readonly malformed = new Map<string, OmniplexError>();
  readonly people = new People();
  readonly #crypto: LoadCrypto;
  #links = 0;
  #evidenceBytes = 0;
  #listed = 0;

  constructor(crypto: LoadCrypto) {
    this.#crypto = crypto;
  }

  /** Throws E_FORMAT and E_CID_INVALID for a header that is none, E_TOO_MANY, and what `pieces` throw. */
  async read(pieces: AsyncIterable<Bytes>, place: string, signal?: AbortSignal): Promise<void> {
    const car = await readCar(pieces, place);
    this.roots = car.roots;
    try {
      for await (const block of car.blocks) {
        signal?.throwIfAborted();
        await this.#take(block);
      }
    } catch (error) {
      if (!isError(error, 'E_FORMAT', 'E_CID_INVALID', 'E_BLOCK_CORRUPT', 'E_BLOCK_TOO_LARGE')) throw error;
      this.damage = error;
    }
  }

  async #take(block: Block): Promise<void> {
    const { cid, bytes } = block;
    if (++this.sections > limits.inspectBlocksMax) throw tooMany('blocks of a CAR', this.sections, limits.inspectBlocksMax);
    this.present.add(keyOf(cid));
    if (cid.code === RAW) return this.#takeRaw(block);
    try {
      await this.#takeStructured(block);
    } catch (error) {
      if (!isError(error, 'E_FORMAT', 'E_NOT_CANONICAL', 'E_VERSION_NEWER', 'E_NOT_IN_VERSION_1', 'E_CID_INVALID')) throw error;
      if (looksOf(bytes, bytes.length) === 'structured') this.#refuse(cid, error);
      else this.others++;
    }
  }

  #refuse(cid: Cid, error: OmniplexError): void {
    if (this.malformed.size < limits.badListed) this.malformed.set(cid.toString(), error);
  }

  #takeRaw({ cid, bytes }: Block): void {
    if (bytes.length !== PACKET_BYTES) return;
    try {
      const packet = decodePacket(bytes);
      this.#count(this.packets.size + 1, 'packets of a CAR', limits.carPacketsMax);
      const inbox = inboxCid(packet).toString();
      const isShown = packet.form === 'plain' && packet.type !== 'cover';
      const expires = isShown && packet.expiresMs !== 0 ? rfc3339(packet.expiresMs) : null;
      this.packets.set(cid.toString(), { inbox, about: isShown ? blockCid(packet).toString() : undefined, expires });
    } catch (error) {
      // Ciphertext may be as long as a packet is. Whether one should stand here, the index says.
      if (!isError(error) || isError(error, 'E_TOO_MANY')) throw error;
      if (!isError(error, 'E_PACKET_CRC')) this.#refuse(cid, error);
    }
  }

  async #takeStructured({ cid, bytes }: Block): Promise<void> {
    const index = decodeIndex(bytes);
    if (index !== undefined) return this.#takeIndex(index);
    // It can only be checked once all bundles are here.
    if (isEvidence(bytes)) return this.#takeEvidence({ cid, bytes });
    const described = await describeKnown(bytes, this.#crypto);
    switch (described?.kind) {
      case 'manifest':
        return this.#takeManifest(described, bytes);
      case 'link-node': {
        const links = new Links(decodeNode(bytes, described.links, described.linksTo === 'raw' ? RAW : DAG_CBOR));
        this.#countLinks(links);
        this.nodes.set(keyOf(cid), links);
        return;
      }
      case 'genesis':
      case 'bundle':
      case 'revocation':
        return this.people.add(described.kind, bytes);
      default:
        this.others++;
    }
  }

  #takeIndex(index: CarIndex): void {
    this.#listed += index.messages.length;
    this.#count(this.#listed, 'messages of a CAR', limits.carMessagesMax);
    this.indexes.push(index);
  }

  #takeEvidence(block: Block): void {
    this.#evidenceBytes += block.bytes.length;
    this.#count(this.#evidenceBytes, 'bytes of evidence in a CAR', limits.inspectEvidenceBytesMax);
    this.evidence.push(block);
  }

  #takeManifest(facts: ManifestFacts, bytes: Bytes): void {
    this.#count(this.manifests.size + 1, 'messages of a CAR', limits.carMessagesMax);
    const { content } = decodeManifest(bytes);
    const links = new Links(content.links);
    this.#countLinks(links);
    const { depth, blocks, nodes } = linkLayout(content.bytes);
    this.manifests.set(facts.cid, { facts, links, depth, blocks, total: 1 + blocks + nodes });
  }

  #countLinks({ count }: Links): void {
    this.#links += count;
    this.#count(this.#links, 'links in a CAR', limits.inspectLinksMax);
  }

  #count(count: number, what: string, max: number): void {
    if (count > max) throw tooMany(what, count, max);
  }
}

const tooMany = (what: string, count: number, max: number): OmniplexError => fail('E_TOO_MANY', { what, count, max });
