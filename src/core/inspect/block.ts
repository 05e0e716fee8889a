/**
 * One block as facts: whatever the formats name. Hostile input throughout: what begins like one of ours and is not well-formed throws the
 * code of its reader, what is none of ours E_FORMAT.
 */
import type { Bytes } from '../base/bytes.ts';
import { cidOf, DAG_CBOR, RAW, type Cid } from '../base/cid.ts';
import { decode } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { SEALED_CHUNK_BYTES } from '../crypto/cobblestone.ts';
import { INBOX_BYTES } from '../identity/inbox.ts';
import { describeBlock as describeMessageBlock } from '../message/describe.ts';
import { describePacket } from '../packet/describe.ts';
import { PACKET_BYTES } from '../packet/words.ts';
import { CAR_KIND, decodeIndex } from '../storage/car-index.ts';
import type { BlockFacts, CarIndexFacts, ContentBlockFacts } from './description.ts';
import { describeEvidence } from './evidence.ts';
import { manifestFacts, recipientsOf } from './manifest-facts.ts';
import { describeBundle, describeGenesis, describeInbox, describeRevocation } from './people.ts';

export type LoadCrypto = () => Promise<CryptoProvider>;

/** A block under its CID, which the caller has checked. */
export async function describeBlock(cid: Cid, bytes: Bytes, crypto: LoadCrypto): Promise<BlockFacts> {
  return cid.code === RAW ? describeRaw(bytes) : describeStructured(bytes, crypto);
}

/** The length of a raw block tells what it may be. Throws E_PACKET_*, and E_FORMAT for a length that no raw block has. */
export function describeRaw(bytes: Bytes): BlockFacts {
  if (bytes.length === PACKET_BYTES) return describePacket(bytes);
  if (bytes.length === INBOX_BYTES) return describeInbox(bytes);
  if (bytes.length > limits.tailBytesMax && bytes.length <= limits.contentBlockBytes) return describeContent(bytes);
  throw fail('E_FORMAT', { kind: 'block', why: `no raw block of OmniPlex has ${bytes.length} bytes` });
}

function describeContent(bytes: Bytes): ContentBlockFacts {
  const hidden = ['which message it belongs to: a manifest links it, not the other way', 'everything in it'];
  return { kind: 'content-block', cid: cidOf(RAW, bytes).toString(), bytes: bytes.length, chunks: Math.ceil(bytes.length / SEALED_CHUNK_BYTES), hidden };
}

/** Throws E_FORMAT, E_NOT_CANONICAL, E_VERSION_NEWER, E_NOT_IN_VERSION_1, E_CID_INVALID. */
export async function describeStructured(bytes: Bytes, crypto: LoadCrypto): Promise<BlockFacts> {
  const facts = await describeKnown(bytes, crypto);
  if (facts === undefined) throw fail('E_FORMAT', { kind: 'block', why: 'none of the formats of OmniPlex has these fields' });
  return facts;
}

/** As `describeStructured`; undefined when it has the fields of no format of ours. */
export async function describeKnown(bytes: Bytes, crypto: LoadCrypto): Promise<BlockFacts | undefined> {
  const fields = fieldsOf(bytes);
  const has = (...names: readonly string[]): boolean => names.every((name) => fields.has(name));
  if (has(...EVIDENCE_FIELDS)) return describeEvidence(bytes, await crypto());
  if (has('signing', 'kem')) return describeBundle(bytes);
  if (has('reason', 'signatures')) return describeRevocation(bytes);
  if (has('kind', 'sections')) return describeIndex(bytes);
  if (has('keys')) return describeGenesis(bytes);
  const described = describeMessageBlock(bytes);
  switch (described?.kind) {
    case 'manifest':
      return manifestFacts(described);
    case 'opening': {
      const { stanzas, cid, ...rest } = described;
      return { ...rest, cid: cid.toString(), ...recipientsOf(stanzas) };
    }
    case 'link-node':
      return { ...described, cid: described.cid.toString() };
    default:
      return undefined;
  }
}

const EVIDENCE_FIELDS = ['manifest', 'key'];

/** Whether a structured block claims to be evidence. Throws when it is no structured block. */
export function isEvidence(bytes: Bytes): boolean {
  const fields = fieldsOf(bytes);
  return EVIDENCE_FIELDS.every((name) => fields.has(name));
}

function fieldsOf(bytes: Bytes): ReadonlySet<string> {
  const value = decode('block', bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) throw fail('E_FORMAT', { kind: 'block', why: 'not a map' });
  return new Set(Object.keys(value));
}

function describeIndex(bytes: Bytes): CarIndexFacts {
  const index = decodeIndex(bytes);
  if (index === undefined) throw fail('E_FORMAT', { kind: 'CAR index', why: `its kind is not ${CAR_KIND}` });
  const packets = index.messages.reduce((sum, one) => sum + one.packets.length, 0);
  const counts = { sections: index.sections, messages: index.messages.length, packets, bundles: index.bundles.length, receipts: index.receipts.length };
  return { kind: 'car-index', cid: cidOf(DAG_CBOR, bytes).toString(), version: 1, bytes: bytes.length, ...counts, hidden: ['what is in the file itself: inspect the CAR'] };
}
