/**
 * Evidence: one CAR with the manifest of a message, every receipt that came back with the key that opens it, and the bundles under which they
 * were signed, so that a third person can check all of it offline. No secret of mine is in it, and the message itself stays closed.
 * What it does not promise: when anything was signed, but for the signers' own word. Spec: docs/PROTOCOL.md, Evidence.
 */
import type { Block } from '../base/block.ts';
import { encodeCar } from '../base/car.ts';
import { cidOf, DAG_CBOR, type Cid } from '../base/cid.ts';
import { count } from '../base/count.ts';
import { fail, isError, type ErrorCode, type OmniplexError } from '../base/errors.ts';
import { exists, writeWhole } from '../base/files.ts';
import { Secret } from '../base/secret.ts';
import type { Evidence, OutboxEntry } from '../home/index.ts';
import { decodeBundle } from '../identity/bundle.ts';
import { decodeGenesis } from '../identity/genesis.ts';
import { introductionOf } from '../identity/history.ts';
import { introductionBlocks } from '../identity/introduction.ts';
import { encodeEvidence, verifyEvidence } from '../message/evidence.ts';
import { readReceipt } from '../message/receipt.ts';
import { collectReceipts, entryOf, settled } from './outbox.ts';
import { outcome, type Outcome } from './outcome.ts';
import { resolversFor } from './provenance.ts';
import type { MailRoom } from './room.ts';

export interface EvidenceResult {
  readonly cid: string;
  readonly id?: string;
  readonly out: string;
  readonly bytes: number;
  /** `missing`: known here, but their manifests are no longer in the store. `waiting`: came, and the keys that signed them are not known here. */
  readonly receipts: { readonly total: number; readonly received: number; readonly opened: number; readonly refused: number; readonly missing: number; readonly waiting: number };
  /** False where receipts may wait in the store that could not be opened: what had been taken in before is in the file. */
  readonly collected: boolean;
  readonly bundles: number;
}

export interface EvidenceRequest {
  /** Created exclusively. */
  readonly out: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes in the receipts that came back first; a key is opened only when one may have come. Throws E_NOT_FOUND, E_BLOCKS_MISSING (the manifest),
 * E_EXISTS, E_DISK_FULL, E_PASSPHRASE. Beside the result E_INCOMPLETE for receipts that are not in the file and might be.
 */
export async function exportEvidence(room: MailRoom, key: Cid | string, { out, signal }: EvidenceRequest): Promise<Outcome<EvidenceResult>> {
  const { number, cid, id } = await settled(room, entryOf(room, key).number);
  if (cid === undefined) throw fail('E_NOT_FOUND', { what: 'the message of this outbox entry, which was never sealed to its end,' });
  if (await exists(out)) throw fail('E_EXISTS', { path: out });
  const manifest = await room.store.read(cid, signal);
  if (manifest === undefined) throw fail('E_BLOCKS_MISSING', { cid: cid.toString(), missing: 1 });
  const collection = await collect(room, number, signal);
  const entry = room.home.outbox.entry(number);
  const proofs = await proofsOf(room, entry);
  const bundles = bundleBlocks(room, entry, proofs.signers);
  const car = encodeCar([cid], [{ cid, bytes: manifest.bytes }, ...proofs.blocks, ...bundles]);
  await writeWhole(out, car);
  const receipts = { ...proofs.counts, waiting: collection.waiting };
  const result = { cid: cid.toString(), ...(id !== undefined && { id }), out, bytes: car.length, receipts, collected: collection.failure === undefined, bundles: bundles.length };
  return outcome(result, true, incomplete(receipts, collection.failure));
}

interface Collection {
  readonly waiting: number;
  readonly failure?: OmniplexError;
}

/** Without a key what was taken in before is evidence still. A passphrase that is wrong, or cannot be read, is the caller's to mend first. */
const KEYLESS: readonly ErrorCode[] = ['E_FLAG_NEEDED', 'E_NO_KEYRING', 'E_KEYRING', 'E_HOME_COPIED'];

async function collect(room: MailRoom, number: number, signal: AbortSignal | undefined): Promise<Collection> {
  try {
    return { waiting: await collectReceipts(room, number, signal) };
  } catch (failure) {
    if (!isError(failure, ...KEYLESS)) throw failure;
    return { waiting: 0, failure };
  }
}

interface Signer {
  readonly identity: Cid;
  readonly bundleSeq: number;
}

interface Proofs {
  readonly blocks: readonly Block[];
  readonly signers: readonly Signer[];
  readonly counts: Omit<EvidenceResult['receipts'], 'waiting'>;
}

async function proofsOf(room: MailRoom, { recipients }: OutboxEntry): Promise<Proofs> {
  const counts = { total: 0, received: 0, opened: 0, refused: 0, missing: 0 };
  const blocks: Block[] = [];
  const signers: Signer[] = [];
  for (const evidence of recipients.flatMap((recipient) => recipient.evidence)) {
    counts.total++;
    const proof = await proofOf(room, evidence);
    if (proof === undefined) counts.missing++;
    else {
      counts[evidence.state]++;
      blocks.push(proof.block);
      signers.push(proof.signer);
    }
  }
  return { blocks, signers, counts };
}

/** Checked again as whoever gets it will. Undefined when it is no longer there, or does not hold any more. */
async function proofOf(room: MailRoom, { cid, key, state }: Evidence): Promise<{ readonly block: Block; readonly signer: Signer } | undefined> {
  const manifest = key && (await room.store.read(cid));
  if (manifest === undefined || key === undefined) return undefined;
  using messageKey = new Secret(Uint8Array.from(key));
  const bytes = encodeEvidence(manifest.bytes, messageKey);
  try {
    using opened = await verifyEvidence(room.crypto, bytes, resolversFor(room));
    const { sender } = opened;
    if ((sender.kind !== 'signed' && sender.kind !== 'introduced') || (await readReceipt(opened)).state !== state) return undefined;
    return { block: { cid: cidOf(DAG_CBOR, bytes), bytes }, signer: { identity: sender.identity, bundleSeq: sender.bundleSeq } };
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
}

/** Mine, as I hand it out, and of every signer the bundle that he signed under, once each. */
function bundleBlocks({ home }: MailRoom, { identity }: OutboxEntry, signers: readonly Signer[]): readonly Block[] {
  const blocks = identity === undefined || home.people.newestBundle(identity) === undefined ? [] : [...introductionBlocks(introductionOf(home, identity))];
  for (const signer of signers) {
    const actor = home.people.actor(signer.identity);
    // Prekeys change more often than signing keys: where that very bundle is not known, the newest carries the keys that were believed.
    const bundle = home.people.bundle(signer.identity, signer.bundleSeq) ?? home.people.newestBundle(signer.identity);
    if (actor === undefined || bundle === undefined) continue;
    blocks.push(...introductionBlocks({ genesis: decodeGenesis(actor.genesis), bundles: [decodeBundle(bundle.block)] }));
  }
  return [...new Map(blocks.map((block) => [block.cid.toString(), block])).values()];
}

interface Gap {
  readonly why: string;
  readonly hint: string;
}

/** The receipts that the file lacks, and how each kind of them is had. */
function incomplete({ missing, waiting, total }: EvidenceResult['receipts'], failure: OmniplexError | undefined): OmniplexError | undefined {
  const gaps: Gap[] = [];
  if (failure !== undefined) gaps.push({ why: `receipts that may wait in the store were not taken in (${failure.message})`, hint: uncollectedHint(failure) });
  if (waiting > 0) gaps.push({ why: `of ${count(waiting, 'receipt')} the signature cannot be checked yet`, hint: 'Who signed has newer keys: ask for the bundle and run `omniplex contact update`.' });
  if (missing > 0) gaps.push({ why: `no longer in the store: ${missing} of ${count(total, 'receipt')}`, hint: 'A receipt that the store lost comes back with `omniplex store import FILE.car`, where a CAR has it.' });
  if (gaps.length === 0) return undefined;
  return fail('E_INCOMPLETE', { why: gaps.map(({ why }) => why).join('; '), retry: 'no', hint: `The file stands with the others. ${gaps.map(({ hint }) => hint).join(' ')} Then export again, to another file.` }, failure);
}

const uncollectedHint = (failure: OmniplexError): string => (failure.code === 'E_FLAG_NEEDED' ? 'Give --passphrase-file.' : failure.hint);
