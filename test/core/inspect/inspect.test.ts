/** Each kind of thing, as the product makes it: what is said of it without a key, and what is not. */
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Block } from '../../../src/core/base/block.ts';
import { bytesOf, concat } from '../../../src/core/base/bytes.ts';
import { encodeCar } from '../../../src/core/base/car.ts';
import { cidOf, parseCid, RAW } from '../../../src/core/base/cid.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { bytesInput } from '../../../src/core/mail/input.ts';
import { exportFor } from '../../../src/core/mail/travel.ts';
import { codeOf, couple, linksOf, noise, post, read } from '../../support/post.ts';
import { backupOf, blocks, blocksOf, bundleFileOf, bytesAt, inFile, inspectBytes, inspectIn, inspectPath, packetFor, posted, unknownBlock } from './specimens.ts';

describe('a CAR of messages', () => {
  it('lists what it carries, and says that it is whole', async () => {
    const { car, cid, alice, bob } = await posted();
    const { result, error } = await inspectBytes(car);
    expect(error).toBeUndefined();
    const [inbox] = (await bob.app.identities()).show('bob').inboxes;
    const id = (await alice.app.identities()).show('alice').id.toString();
    expect(result).toMatchObject({
      ...{ kind: 'car', bytes: car.length, intact: true, indexed: true, packets: 1, receipts: 0, others: 0 },
      messages: [{ cid: cid.toString(), whole: true, packets: 1, inboxes: [inbox?.toString()], receipt: false, codes: [], facts: { recipients: 1, postQuantum: true } }],
      identities: [{ identity: id, name: 'alice', sequence: 1, code: null, revoked: null }],
    });
    if (result.kind !== 'car') throw new Error(result.kind);
    expect(result.messages[0]?.blocks).toEqual({ total: 4, here: 4 });
    expect(result.messages[0]?.expires).not.toBeNull();
    expect(JSON.stringify(result)).not.toContain('plan.pdf');
  });

  it('of which each file has a part says what is missing from it, and that is no damage', async () => {
    const { alice, world } = await couple();
    const cid = await post(alice, ['bob'], noise(1_500_000));
    const out = join(world.folder, 'x.car');
    const { result: exported } = await exportFor(await alice.app.mail(), { names: ['bob'], out, splitBytes: 700_000 });
    expect(exported.files.length).toBeGreaterThan(2);
    const parts = await Promise.all(exported.files.map(async ({ path }) => inspectPath(path)));
    for (const { result, error } of parts) {
      expect(error).toBeUndefined();
      expect(result).toMatchObject({ kind: 'car', intact: true, messages: [{ cid: cid.toString(), whole: false, codes: [] }] });
    }
  });

  it('names the receipts in it', async () => {
    const { alice, bob, world } = await couple();
    const cid = await post(alice, ['bob'], 'hello', { receipt: 'opened' });
    await read(bob, cid, { ack: true });
    const out = join(world.folder, 'back.car');
    await exportFor(await bob.app.mail(), { names: ['alice'], out });
    const { result } = await inspectPath(out);
    expect(result).toMatchObject({ kind: 'car', receipts: 1, messages: [{ receipt: true, whole: true }] });
    expect(JSON.stringify(result)).not.toContain(cid.toString());
  });

  it('of another program lists its roots and manifests', async () => {
    const { car, cid } = await posted();
    const all = await blocksOf(car);
    const foreign = encodeCar([cid], all.filter((block) => block.cid.code === RAW || block.cid.equals(cid)));
    expect((await inspectBytes(foreign)).result).toMatchObject({ kind: 'car', indexed: false, messages: [{ cid: cid.toString(), whole: true, packets: 0 }], packets: 1 });
    const without = encodeCar([cid], all.filter((block) => block.cid.code === RAW && block.bytes.length > 192));
    const { result, error } = await inspectBytes(without);
    expect(error?.code).toBe('E_FORMAT');
    expect(result).toMatchObject({ kind: 'car', intact: false, messages: [{ cid: cid.toString(), facts: null, whole: false, blocks: { total: null } }] });
  });
});

describe('evidence', () => {
  it('verifies without a home: who signed what, and no secret in it', async () => {
    const { evidence, cid, bob } = await posted();
    const { result, error } = await inspectBytes(evidence);
    expect(error).toBeUndefined();
    const { id, fingerprint } = (await bob.app.identities()).show('bob');
    expect(result).toMatchObject({
      ...{ kind: 'evidence-car', intact: true, secrets: 0, counts: { opened: 1, received: 0, refused: 0, refuted: 0 } },
      message: { cid: cid.toString(), recipients: 1 },
      receipts: [{ of: cid.toString(), state: 'opened', signed: true, code: null, signer: { identity: id.toString(), fingerprint: fingerprint.join(' '), bundle: 1, name: 'bob' } }],
    });
  });

  it('that nobody has answered is evidence still, and not a message on a stick', async () => {
    const { alice, world } = await couple();
    for (const content of ['inline', noise(700_000)]) {
      const cid = await post(alice, ['bob'], content, { receipt: 'opened' });
      const out = join(world.folder, `${cid.toString()}.evidence`);
      await alice.app.outbox.export(cid, { out });
      const { result, error } = await inspectPath(out);
      expect(error).toBeUndefined();
      expect(result).toMatchObject({ kind: 'evidence-car', message: { cid: cid.toString() }, receipts: [], counts: { opened: 0, received: 0, refused: 0, refuted: 0 }, secrets: 0, identities: [{ name: 'alice' }] });
      // the manifest alone, one block more, a root more: none of ours
      const all = await blocksOf(await bytesAt(out));
      const more = { cid: cidOf(RAW, bytesOf('more')), bytes: bytesOf('more') };
      for (const [roots, blocks] of [[[cid], all.slice(0, 1)], [[cid], [...all, more]], [[cid, more.cid], [...all, more]], [[(all[1] as Block).cid], all]] as const) {
        expect((await inspectBytes(encodeCar(roots, blocks))).result.kind).toBe('car');
      }
    }
  });

  it('holds where a receipt was signed under a later bundle than one before it', async () => {
    const { alice, bob, world } = await couple();
    const cid = await post(alice, ['bob'], 'hello', { receipt: 'opened' });
    const out = join(world.folder, 'evidence.car');
    await (await bob.app.identities()).rotate('bob', 'all');
    await read(bob, cid, { ack: true });
    const { bytes } = await (await bob.app.identities()).exportBundle('bob');
    const { decodeBundleFile } = await import('../../../src/core/identity/index.ts');
    (await alice.app.contacts()).learn(await decodeBundleFile(await alice.app.crypto(), bytes));
    await alice.app.outbox.show(cid);
    await alice.app.outbox.export(cid, { out });
    const { result, error } = await inspectPath(out);
    expect(error).toBeUndefined();
    expect(result).toMatchObject({ kind: 'evidence-car', receipts: [{ signed: true, code: null, signer: { bundle: 2 } }] });
  });
});

describe('one block', () => {
  it('in the store is a manifest, ciphertext, or an opening of a stream', async () => {
    const { alice, bob } = await couple();
    const cid = await post(alice, ['bob'], noise(700_000));
    expect((await inspectIn(bob, cid)).result).toMatchObject({ kind: 'manifest', cid: cid.toString(), recipients: 1, stanzas: { 'x-wing': 1 }, postQuantum: true, content: { blocks: 3, linkNodes: 0 } });
    const [link] = await linksOf(bob, cid);
    expect((await inspectIn(bob, link!)).result).toMatchObject({ kind: 'content-block', bytes: 262_400, chunks: 16 });
    await post(alice, ['bob'], 'streamed', { stream: true });
    const { told, packetOf } = await import('../../support/reader.ts');
    const { blockCid } = await import('../../../src/core/packet/packet.ts');
    const start = (await told(bob)).map(packetOf).find(({ fragment }) => fragment === 'start');
    expect((await inspectIn(bob, blockCid(start!))).result).toMatchObject({ kind: 'opening', recipients: 1, postQuantum: true });
  });

  it('that is not in the store is not found', async () => {
    const { alice } = await couple();
    expect(await codeOf(inspectIn(alice, parseCid('bafyreid5c2n7s3nqzzyjszvrbbhndsxmbfvv2c6ka7vbfxcmyxvqs4uiam')))).toBe('E_NOT_FOUND');
  });

  it('of an identity shows its claims, and that they are unchecked', async () => {
    const { genesis, bundle, revocation } = await blocks();
    const known = (await inspectBytes(genesis)).result;
    expect(known).toMatchObject({ kind: 'genesis', algorithms: ['ed25519'], postQuantum: false });
    if (known.kind !== 'genesis') throw new Error(known.kind);
    expect((await inspectBytes(bundle)).result).toMatchObject({ kind: 'bundle', identity: known.cid, fingerprint: known.fingerprint, name: 'ada', sequence: 1, previous: null, prekeys: [], inboxes: [] });
    expect((await inspectBytes(revocation)).result).toMatchObject({ kind: 'revocation', identity: known.cid, reason: 'lost' });
  });

  it('is a link node, an inbox, or ciphertext by its looks', async () => {
    const { node, ciphertext } = await blocks();
    expect((await inspectBytes(node)).result).toMatchObject({ kind: 'link-node', links: 4_096, linksTo: 'raw' });
    expect((await inspectBytes(new Uint8Array(32).fill(3))).result).toMatchObject({ kind: 'inbox', cid: cidOf(RAW, new Uint8Array(32).fill(3)).toString() });
    expect((await inspectBytes(ciphertext)).result).toMatchObject({ kind: 'ciphertext', plaintextBytes: 40_000, chunks: 3 });
  });

  it('in the files of a store is compared with its name', async () => {
    const { alice, world } = await couple();
    const cid = await post(alice, ['bob'], noise(700_000), { durability: 'cold' });
    const folder = join(world.store, 'cold', 'blocks');
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.data'));
    const kinds = await Promise.all(names.map(async (name) => (await inspectPath(join(folder, name))).result));
    expect(kinds.map(({ kind }) => kind).sort()).toEqual(['content-block', 'content-block', 'content-block', 'manifest']);
    expect(kinds).toContainEqual(expect.objectContaining({ kind: 'manifest', cid: cid.toString() }));
    for (const name of names) {
      const bytes = await readFile(join(folder, name));
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      await inFile(join(folder, name), bytes);
      expect(await codeOf(inspectPath(join(folder, name)))).toBe('E_BLOCK_CORRUPT');
    }
    const named = join(world.folder, cid.toString());
    await rename(join(folder, names[0] ?? ''), named);
    expect(await codeOf(inspectPath(named))).toBe('E_BLOCK_CORRUPT');
  });
});

describe('a file', () => {
  it('is a packet', async () => {
    const { alice, bob } = await couple();
    const cid = await post(alice, ['bob'], 'hello');
    expect((await inspectBytes(await packetFor(bob))).result).toMatchObject({ kind: 'packet', type: 'data', fragment: 'single', masked: false, block: cid.toString() });
  });

  it('is a bundle file, every signature of which holds', async () => {
    const { alice } = await couple();
    const { result, error } = await inspectBytes(await bundleFileOf(alice));
    expect(error).toBeUndefined();
    expect(result).toMatchObject({ kind: 'bundle-file', intact: true, identities: [{ name: 'alice', bundles: 1, code: null }] });
  });

  it('is a key ring or a backup, of which only the price of a guess shows', async () => {
    const { alice, world } = await couple();
    const ring = await bytesAt(join(alice.home, 'keyring.opk'));
    expect((await inspectBytes(ring)).result).toMatchObject({ kind: 'key-ring', bytes: ring.length, kdf: { name: 'argon2id', memoryKib: 8, passes: 1, lanes: 1 } });
    const backup = await backupOf(alice, join(world.folder, 'a.opb'));
    expect((await inspectBytes(backup)).result).toMatchObject({ kind: 'backup', bytes: backup.length, what: ['keys'] });
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', bytesOf('The quick brown fox jumps over the lazy dog, and over what lies behind it, again and again.\n'.repeat(40))],
    ['JSON', bytesOf(JSON.stringify({ v: 1, id: 'a'.repeat(200) }))],
    ['zeros', new Uint8Array(5_000)],
    ['a short random thing', systemRng.bytes(50)],
    ['a length that no ciphertext has', systemRng.bytes(56 + 16_400 + 3)],
    ['a block of fields that nobody knows', unknownBlock()],
    ['an SQLite file', concat(bytesOf('SQLite format 3\0'), new Uint8Array(100))],
  ])('that is %s is none of ours', async (_, bytes) => {
    expect(await codeOf(inspectBytes(bytes))).toBe('E_FORMAT');
  });

  it('that is a folder, or is not there, is said to be', async () => {
    const { world } = await couple();
    expect(await codeOf(inspectPath(world.folder))).toBe('E_USAGE');
    expect(await codeOf(inspectPath(join(world.folder, 'missing')))).toBe('E_NOT_FOUND');
  });

  it('of any size is never held whole', async () => {
    const { inspectPieces } = await import('../../../src/core/inspect/index.ts');
    const piece = systemRng.bytes(1_000_000);
    const peak = { bytes: 0 };
    async function* many() {
      for (let i = 0; i < 300; i++) {
        yield piece;
        peak.bytes = Math.max(peak.bytes, process.memoryUsage().arrayBuffers);
      }
    }
    const before = process.memoryUsage().arrayBuffers;
    const { result } = await inspectPieces(many(), 'stdin', { crypto: () => Promise.reject(new Error('not needed')) });
    expect(result).toMatchObject({ kind: 'ciphertext', bytes: 300_000_000 });
    expect(peak.bytes - before).toBeLessThan(50_000_000);
  });
});

it('nothing of what was sent is said', async () => {
  const { alice, world } = await couple();
  const out = join(world.folder, 'x.car');
  await alice.app.send({ input: bytesInput(bytesOf('the quick brown canary'), 'canary.txt'), to: ['bob'], out });
  expect(JSON.stringify(await inspectPath(out))).not.toMatch(/canary/);
});
