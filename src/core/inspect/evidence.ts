/**
 * Evidence without a home: a receipt with its message key says who signed what, and it can be checked with nothing but the bundles that
 * came along. What it does not promise: that whoever signed was a recipient (stanzas name nobody), or when, but for the signer's own word.
 */
import type { Bytes } from '../base/bytes.ts';
import { cidOf, DAG_CBOR, type Cid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { fail, isError } from '../base/errors.ts';
import type { CryptoProvider, VerifyingKeys } from '../crypto/index.ts';
import type { Bundle } from '../identity/bundle.ts';
import { believeBlocks } from '../identity/introduction.ts';
import { describeManifest } from '../message/describe.ts';
import { decodeEvidence, verifyEvidence } from '../message/evidence.ts';
import type { OpenedMessage } from '../message/open.ts';
import { readReceipt } from '../message/receipt.ts';
import type { EvidenceFacts, ReceiptFacts } from './description.ts';
import { People } from './introduced.ts';
import { manifestFacts } from './manifest-facts.ts';
import { wordsOf } from './people.ts';

export interface CheckedEvidence {
  readonly facts: ReceiptFacts;
  /** Opened, and shown to be a receipt. What is not may hold somebody's message, and its key is a secret. */
  readonly isReceipt: boolean;
}

/** Hostile input: an evidence block. Throws what `decodeEvidence` and `decodeManifest` throw; what does not hold is a code in the answer. */
export async function checkEvidence(crypto: CryptoProvider, bytes: Bytes, people: People): Promise<CheckedEvidence> {
  const { manifest, messageKey } = decodeEvidence(bytes);
  messageKey.wipe();
  const nothing = { cid: cidOf(DAG_CBOR, manifest).toString(), of: null, state: null, at: null, signer: null, signed: false };
  describeManifest(manifest);
  try {
    using opened = await verifyEvidence(crypto, bytes, {
      resolveSender: async (identity, bundleSeq) => publicKeys(people.signingKeys(crypto, identity, bundleSeq)?.keys),
      readIntroduction: async (introduction, { bundleSeq }) => introducedKeys(believeBlocks(crypto, introduction).newest, bundleSeq),
    });
    return await readChecked(crypto, opened, people, nothing);
  } catch (error) {
    if (!isError(error)) throw error;
    return { facts: { ...nothing, code: error.code }, isReceipt: false };
  }
}

/** A bundle vouches for its own number, and for those that its signing keys are certified for. */
function introducedKeys({ seq, signing }: Bundle, bundleSeq: number) {
  if (bundleSeq < signing.from || bundleSeq > seq) throw fail('E_SIGNATURE', { kind: 'introduction' });
  return { publicKeys: signing.keys };
}

const publicKeys = (keys: VerifyingKeys | undefined) => keys && { publicKeys: keys };

async function readChecked(crypto: CryptoProvider, opened: OpenedMessage, people: People, nothing: Omit<ReceiptFacts, 'code'>): Promise<CheckedEvidence> {
  const { sender } = opened;
  const signer = sender.kind === 'unsigned' ? null : signerOf(crypto, sender, people);
  const signed = sender.kind === 'signed' || sender.kind === 'introduced';
  try {
    const { of, state, atMs } = await readReceipt(opened);
    const facts = { ...nothing, of: of.toString(), state, at: rfc3339(atMs), signer, signed, code: signed ? null : 'E_SENDER_UNKNOWN' };
    return { facts, isReceipt: true };
  } catch (error) {
    if (!isError(error)) throw error;
    return { facts: { ...nothing, signer, signed, code: error.code }, isReceipt: false };
  }
}

const signerOf = (crypto: CryptoProvider, { identity, bundleSeq }: { readonly identity: Cid; readonly bundleSeq: number }, people: People): ReceiptFacts['signer'] => ({
  ...{ identity: identity.toString(), fingerprint: wordsOf(identity), bundle: bundleSeq },
  name: people.signingKeys(crypto, identity, bundleSeq)?.name ?? null,
});

/** Hostile input: an evidence block on its own. Without the signer's bundle only what an introduction in it brings can be checked. */
export async function describeEvidence(bytes: Bytes, crypto: CryptoProvider): Promise<EvidenceFacts> {
  const { manifest } = decodeEvidence(bytes);
  const { facts, isReceipt } = await checkEvidence(crypto, bytes, new People());
  const hidden = [
    ...(facts.signed ? [] : ['whether its signature holds: that takes the bundle of the signer, which the file of `outbox export` carries']),
    ...(isReceipt ? ['what the message says that it is about'] : ['nothing of this message from whoever holds this file: it carries the message key']),
    'whether the signer was a recipient: stanzas name nobody',
  ];
  return { kind: 'evidence', version: 1, bytes: bytes.length, ...facts, manifest: manifestFacts(describeManifest(manifest)), secrets: isReceipt ? 0 : 1, hidden };
}
