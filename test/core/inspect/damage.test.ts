/** Cut, flipped and forged: what has a checksum, a hash or a signature is refused with a code, and nothing ends as a bug. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Block } from '../../../src/core/base/block.ts';
import { bytesOf, concat, type Bytes } from '../../../src/core/base/bytes.ts';
import { carHeader, carSection, encodeCar } from '../../../src/core/base/car.ts';
import { cidOf, DAG_CBOR, RAW, type Cid } from '../../../src/core/base/cid.ts';
import { encodeBlock } from '../../../src/core/base/codec.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { decodeEvidence, encodeEvidence } from '../../../src/core/message/index.ts';
import { encodeManifest } from '../../../src/core/message/manifest.ts';
import { linkLayout } from '../../../src/core/message/nodes.ts';
import { encodeIndex } from '../../../src/core/storage/car-index.ts';
import { cuts, flips, letThrough } from '../../support/damage.ts';
import { couple, noise, post } from '../../support/post.ts';
import { fromAlice, sample, seal } from '../message/support.ts';
import { backupOf, blocks, blocksOf, bundleFileOf, bytesAt, inspectBytes, packetFor, posted } from './specimens.ts';

/** Refused is what throws a code, and what is told with one. */
async function refuse(bytes: Bytes): Promise<void> {
  const { error } = await inspectBytes(bytes);
  if (error !== undefined) throw error;
}

describe('damage', () => {
  it('to any bit and any length of a packet is refused', async () => {
    const { alice, bob } = await couple();
    await post(alice, ['bob'], 'hello');
    const packet = await packetFor(bob);
    expect(await letThrough(flips(packet), refuse)).toEqual([]);
    expect(await letThrough(cuts(packet).filter(({ bytes }) => bytes.length !== 32), refuse)).toEqual([]);
  });

  it('to a bundle file, a key ring and the head of a backup is refused', async () => {
    const { alice, world } = await couple();
    const bundle = await bundleFileOf(alice);
    expect(await letThrough(flips(bundle, 211), refuse)).toEqual([]);
    expect(await letThrough(cuts(bundle, 97), refuse)).toEqual([]);
    const ring = await bytesAt(join(alice.home, 'keyring.opk'));
    expect(await letThrough(flips(ring, 7), refuse)).toEqual([]);
    expect(await letThrough(cuts(ring, 3).filter(({ bytes }) => bytes.length !== 32), refuse)).toEqual([]);
    const backup = await backupOf(alice, join(world.folder, 'a.opb'));
    const headBytes = 16 + 4 + new DataView(backup.buffer, backup.byteOffset).getUint32(16) + 24 + 32 + 32;
    const heads = flips(backup.subarray(0, headBytes), 3).map(({ what, bytes }) => ({ what, bytes: concat(bytes, backup.subarray(headBytes)) }));
    expect(await letThrough(heads, refuse)).toEqual([]);
    expect(await letThrough(cuts(backup.subarray(0, headBytes)).take(headBytes).filter(({ bytes }) => bytes.length !== 32), refuse)).toEqual([]);
  });

  it('to a CAR and to evidence is refused, and what came before it is told', async () => {
    const { car, evidence } = await posted(noise(1_000));
    for (const file of [car, evidence]) {
      expect(await letThrough(flips(file, 1_009), refuse)).toEqual([]);
      expect(await letThrough(cuts(file, 409), refuse)).toEqual([]);
    }
    const { result, error } = await inspectBytes(car.subarray(0, car.length - 10));
    expect(error?.code).toBe('E_FORMAT');
    expect(result).toMatchObject({ kind: 'car', intact: false, sections: (await blocksOf(car)).length - 1 });
  });

  it('to a structured block never ends as a bug', async () => {
    const { genesis, bundle, revocation } = await blocks();
    for (const block of [genesis, bundle, revocation]) {
      for (const { what, bytes } of [...flips(block, 3), ...cuts(block)]) {
        await inspectBytes(bytes).catch((error: unknown) => expect((error as { code?: string }).code, what).toMatch(/^E_(?!BUG)/));
      }
    }
  });
});

describe('evidence that proves nothing', () => {
  const isEvidence = (block: Block): boolean => {
    try {
      decodeEvidence(block.bytes).messageKey.wipe();
      return true;
    } catch {
      return false;
    }
  };

  it('has its signer left out', async () => {
    const { evidence, cid } = await posted(noise(100));
    const all = await blocksOf(evidence);
    const { result, error } = await inspectBytes(encodeCar([cid], all.filter((block) => block.cid.equals(cid) || isEvidence(block))));
    expect(error?.code).toBe('E_FORMAT');
    expect(result).toMatchObject({ kind: 'evidence-car', intact: true, secrets: 0, counts: { opened: 0, refuted: 1 }, receipts: [{ state: 'opened', signed: false, code: 'E_SENDER_UNKNOWN' }], identities: [] });
  });

  it('is about another message', async () => {
    const [one, other] = [await posted(noise(100)), await posted(noise(200))];
    const all = [...(await blocksOf(one.evidence)).filter(({ cid }) => cid.equals(one.cid)), ...(await blocksOf(other.evidence)).filter(({ cid }) => !cid.equals(other.cid))];
    const { result, error } = await inspectBytes(encodeCar([one.cid], all));
    expect(error?.code).toBe('E_FORMAT');
    expect(result).toMatchObject({ kind: 'evidence-car', counts: { opened: 0, refuted: 1 }, receipts: [{ of: other.cid.toString(), signed: true, code: 'E_FORMAT' }] });
  });

  it('has another key', async () => {
    const { evidence, cid } = await posted(noise(100));
    const all = await blocksOf(evidence);
    const forged = all.map((block) => {
      if (!isEvidence(block)) return block;
      const { manifest, messageKey } = decodeEvidence(block.bytes);
      messageKey.expose()[3]! ^= 1;
      const bytes = encodeEvidence(manifest, messageKey);
      return { cid: cidOf(DAG_CBOR, bytes), bytes };
    });
    expect(await inspectBytes(encodeCar([cid], forged))).toMatchObject({ error: { code: 'E_FORMAT' }, result: { secrets: 1, receipts: [{ state: null, signer: null, code: 'E_MAC' }] } });
  });

  it('gives away a message: its key is a secret, and counted as one', async () => {
    const sealed = await seal(fromAlice(), sample(100));
    const given = encodeEvidence(sealed.manifest.bytes, sealed.messageKey);
    const { result } = await inspectBytes(encodeCar([sealed.cid], [sealed.manifest, { cid: cidOf(DAG_CBOR, given), bytes: given }]));
    expect(result).toMatchObject({ kind: 'evidence-car', secrets: 1, counts: { opened: 0, refuted: 1 }, receipts: [{ of: null, state: null, code: 'E_FORMAT' }] });
    expect((await inspectBytes(given)).result).toMatchObject({ kind: 'evidence', secrets: 1, state: null, code: 'E_FORMAT' });
  });
});

describe('a hostile CAR', () => {
  const manifestOf = (links: readonly Cid[], paddedBytes: number): Block =>
    encodeManifest({
      salt: new Uint8Array(24),
      stanzas: [{ type: 'session', wrapped: new Uint8Array(48) }],
      content: { salt: new Uint8Array(24), commitment: new Uint8Array(32), bytes: paddedBytes, links },
      erase: new Uint8Array(32),
      sealed: new Uint8Array(512 + 28),
      mac: new Uint8Array(32),
    });

  it('that links one node four thousand times costs no more than its bytes', async () => {
    const raw = { cid: cidOf(RAW, bytesOf('x')), bytes: bytesOf('x') };
    const leaf = encodeBlock({ v: 1, links: Array.from({ length: 4_096 }, () => raw.cid) });
    const middle = encodeBlock({ v: 1, links: Array.from({ length: 4_096 }, () => leaf.cid) });
    // The most that a manifest may claim: 2^44 bytes, in three levels.
    const paddedBytes = 4_096 * 4_096 * 4 * 16 * 16_384 - 1_024 * 16_384;
    const layout = linkLayout(paddedBytes);
    expect(layout).toMatchObject({ depth: 2, links: 4 });
    const manifest = manifestOf(Array.from({ length: 4 }, () => middle.cid), paddedBytes);
    const { result } = await inspectBytes(encodeCar([manifest.cid], [manifest, middle, leaf, raw]));
    expect(result).toMatchObject({ kind: 'car', messages: [{ whole: false, codes: ['E_FORMAT'] }] });
  });

  it('with more messages, links or bundles than anybody sends is refused', async () => {
    const many = encodeIndex({ sections: 1, messages: Array.from({ length: 9_000 }, () => ({ cid: cidOf(DAG_CBOR, bytesOf('m')), packets: [] })), bundles: [], receipts: [] });
    const two = encodeIndex({ sections: 2, messages: Array.from({ length: 9_000 }, () => ({ cid: cidOf(DAG_CBOR, bytesOf('m')), packets: [] })), bundles: [], receipts: [] });
    await expect(inspectBytes(encodeCar([many.cid], [many, two]))).rejects.toMatchObject({ code: 'E_TOO_MANY' });
    const { bundle } = await blocks();
    const count = Math.ceil(limits.bundleFileBytesMax / bundle.length) + 1;
    const section = carSection({ cid: cidOf(DAG_CBOR, bundle), bytes: bundle });
    const copies = concat(carHeader([cidOf(DAG_CBOR, bundle)]), ...Array.from({ length: count }, () => section));
    await expect(inspectBytes(copies)).rejects.toMatchObject({ code: 'E_TOO_MANY' });
  });

  it('whose sections or header claim the memory of a machine is refused before it is given', async () => {
    const claim = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f);
    const start = carHeader([cidOf(RAW, bytesOf('x'))]);
    await expect(inspectBytes(concat(start, claim))).resolves.toMatchObject({ error: { code: 'E_BLOCK_TOO_LARGE' }, result: { intact: false } });
  });

  it('with packets that are another message’s, or none, says so', async () => {
    const all = await blocksOf((await posted(noise(100))).car);
    const packet = all.find(({ bytes }) => bytes.length === 192);
    const other = manifestOf([], 10_000);
    const withTail = encodeBlock({ v: 1, nothing: 1 });
    const index = encodeIndex({ sections: 3, messages: [{ cid: cidOf(DAG_CBOR, other.bytes), packets: [packet?.cid as Cid] }], bundles: [], receipts: [] });
    const { result, error } = await inspectBytes(encodeCar([index.cid], [index, packet as Block, withTail]));
    expect(error?.code).toBe('E_FORMAT');
    expect(result).toMatchObject({ kind: 'car', intact: true, others: 1, messages: [{ codes: ['E_FORMAT'], facts: null }] });
  });
});
