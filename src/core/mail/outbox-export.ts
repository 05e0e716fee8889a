/**
 * Evidence: one CAR with the manifest of a message, every receipt that came back with the key that opens it, and the bundles under which they
 * were signed, so that a third person can check all of it offline. No secret of mine is in it, and the message itself stays closed.
 * What it does not promise: when anything was signed, but for the signers' own word. Spec: docs/PROTOCOL.md, Evidence.
 */
import type { Block } from '../base/block.ts';
import { encodeCar } from '../base/car.ts';
import { cidOf, DAG_CBOR, type Cid } from '../base/cid.ts';
import { fail, isError, type OmniplexError } from '../base/errors.ts';
import { writeWhole } from '../base/files.ts';
import { Secret } from '../base/secret.ts';
import type { Evidence, OutboxEntry } from '../home/index.ts';
import { decodeBundle } from '../identity/bundle.ts';
import { decodeGenesis } from '../identity/genesis.ts';
import { introductionOf } from '../identity/history.ts';
import { introductionBlocks } from '../identity/introduction.ts';
import { encodeEvidence, verifyEvidence } from '../message/evidence.ts';
import { readReceipt } from '../message/receipt.ts';
import { entryOf } from './outbox.ts';
import { outcome, type Outcome } from './outcome.ts';
import { resolversFor } from './provenance.ts';
import type { MailRoom } from './room.ts';

export interface EvidenceResult {
  readonly cid: string;
  readonly id?: string;
  readonly out: string;
  readonly bytes: number;
  /** `missing`: known here, but their manifests are no longer in the store. */
  readonly receipts: { readonly total: number; readonly received: number; readonly opened: number; readonly refused: number; readonly missing: number };
  readonly bundles: number;
}

/** Opens no key. Throws E_NOT_FOUND, E_BLOCKS_MISSING (the manifest), E_EXISTS, E_DISK_FULL. Beside the result E_INCOMPLETE for receipts that are missing. */
export async function exportEvidence(room: MailRoom, key: Cid | string, { out }: { readonly out: string }): Promise<Outcome<EvidenceResult>> {
  const entry = entryOf(room, key);
  const { cid, id } = entry;
  if (cid === undefined) throw fail('E_NOT_FOUND', { what: 'the message of this outbox entry, which was never sealed to its end,' });
  const manifest = await room.store.read(cid);
  if (manifest === undefined) throw fail('E_BLOCKS_MISSING', { cid: cid.toString(), missing: 1 });
  const proofs = await proofsOf(room, entry);
  const bundles = bundleBlocks(room, entry, proofs.signers);
  const car = encodeCar([cid], [{ cid, bytes: manifest.bytes }, ...proofs.blocks, ...bundles]);
  await writeWhole(out, car);
  const result = { cid: cid.toString(), ...(id !== undefined && { id }), out, bytes: car.length, receipts: proofs.counts, bundles: bundles.length };
  return outcome(result, true, incomplete(proofs.counts));
}

interface Signer {
  readonly identity: Cid;
  readonly bundleSeq: number;
}

interface Proofs {
  readonly blocks: readonly Block[];
  readonly signers: readonly Signer[];
  readonly counts: EvidenceResult['receipts'];
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

const incomplete = ({ missing, total }: EvidenceResult['receipts']): OmniplexError | undefined =>
  missing === 0 ? undefined : fail('E_INCOMPLETE', { why: `${missing} of ${total} receipts are no longer in the store` });
