/** Export and import: a stick is a transport. */
import { CarReader } from '@ipld/car/reader';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Block } from '../../../src/core/base/block.ts';
import type { Bytes } from '../../../src/core/base/bytes.ts';
import { encodeCar, piecesOf } from '../../../src/core/base/car.ts';
import { cidOf, DAG_CBOR, type Cid } from '../../../src/core/base/cid.ts';
import { encodeBlock } from '../../../src/core/base/codec.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { encodeIndex } from '../../../src/core/storage/car-index.ts';
import type { Store } from '../../../src/core/storage/store.ts';
import { freshFolder } from '../../support/folder.ts';
import { blockOf, inboxOf, rejectsWith, seeded } from './blocks.ts';
import { fetch, forge, freshStore, held, putForged, send } from './store.ts';

const intake = (store: Store, bytes: Bytes) => store.importCar(piecesOf(bytes), { place: 'x.car' });

async function exported(store: Store, cids: readonly Cid[], options: { inboxes?: readonly Bytes[] } = {}): Promise<Bytes> {
  const out = join(await freshFolder(), 'x.car');
  await store.exportCar(cids, { out, ...options });
  return new Uint8Array(await readFile(out));
}

describe('a CAR', () => {
  it('carries messages, packets and bundles from one store to another', async () => {
    const [from, to] = [await freshStore(), await freshStore()];
    const messages = [await send(from.store, 1, 700_000, { inboxes: ['ada', 'ben'] }), await send(from.store, 2, 10), await send(from.store, 3, 0)];
    const bundle = encodeBlock({ v: 1, bundle: 'ada' });
    const out = join(await freshFolder(), 'x.car');
    const cids = messages.map(({ cid }) => cid);
    const result = await from.store.exportCar(cids, { out, bundles: [bundle], receipts: [(cids[2] as Cid)] });
    expect(result).toMatchObject({ messages: 3, packets: 4, bundles: 1, files: [{ path: out }] });
    const bytes = new Uint8Array(await readFile(out));
    expect(result.files[0]?.bytes).toBe(bytes.length);
    const imported = await intake(to.store, bytes);
    expect(imported).toMatchObject({ incomplete: [], refused: [], bundles: [{ bytes: bundle.bytes }] });
    expect(imported.messages.map(({ outcome, blocks, inboxes }) => [outcome, blocks, inboxes.length])).toEqual(messages.map(({ blocks }, i) => ['stored', blocks, i === 0 ? 2 : 1]));
    expect(imported.receipts.map(String)).toEqual([String(cids[2])]);
    for (const { cid, content, bytes: size } of messages) {
      expect(await fetch(to.store, cid)).toEqual(content);
      expect((await to.store.hot.message(cid))?.bytes).toBe(size);
    }
    expect((await to.store.hot.inbox.list(inboxOf('ada'), { limit: 10 })).map(({ packet }) => packet)).toEqual(messages.map(({ announcements }) => announcements[0]?.packet));
    expect((await intake(to.store, bytes)).messages.map(({ outcome }) => outcome)).toEqual(['repeated', 'repeated', 'repeated']);
    expect((await to.store.hot.inbox.list(inboxOf('ada'), { limit: 10 })).length).toBe(3);
    expect((await to.store.verifyAcknowledged(0)).lost).toEqual([]);
    expect((await to.store.verify()).bad).toEqual([]);
  });

  it('is one that other tools read', async () => {
    const { store } = await freshStore();
    const message = await send(store, 1, 700_000);
    const bytes = await exported(store, [message.cid]);
    const reader = await CarReader.fromBytes(bytes);
    const roots = await reader.getRoots();
    expect(roots.map(String)).toContain(message.cid.toString());
    let blocks = 0;
    for await (const { cid } of reader.blocks()) blocks += cid.version;
    expect(blocks).toBe(message.blocks + 2);
  });

  it('takes what other tools write: roots that are messages, no index', async () => {
    const [from, to] = [await freshStore(), await freshStore()];
    const message = await send(from.store, 1, 700_000);
    const blocks: Block[] = [];
    for await (const { cid } of from.store.hot.blocks()) blocks.push({ cid, bytes: (await from.store.hot.get(cid)) as Bytes });
    expect((await intake(to.store, encodeCar([message.cid], blocks))).messages).toMatchObject([{ outcome: 'stored', inboxes: [] }]);
    expect(await fetch(to.store, message.cid)).toEqual(message.content);
    expect((await intake(to.store, encodeCar([cidOf(DAG_CBOR, encodeBlock({ a: 1 }).bytes)], [encodeBlock({ a: 1 })]))).refused).toMatchObject([{ code: 'E_FORMAT' }]);
  });

  it('takes along only the packets of those it is for, and only what they have not handled', async () => {
    const [from, to] = [await freshStore(), await freshStore()];
    const [one, two] = [await send(from.store, 1, 10, { inboxes: ['ada', 'ben'] }), await send(from.store, 2, 10, { inboxes: ['ada', 'ben'] })];
    await send(from.store, 3, 10, { inboxes: ['ben'] });
    await from.store.hot.inbox.acknowledge(inboxOf('ada'), two.cid, from.clock.now());
    const cids = await from.store.messagesFor([inboxOf('ada')]);
    expect(cids.map(String)).toEqual([one.cid.toString()]);
    await intake(to.store, await exported(from.store, cids, { inboxes: [inboxOf('ada')] }));
    expect((await to.store.hot.inbox.list(inboxOf('ada'), { limit: 10 })).length).toBe(1);
    expect(await to.store.hot.inbox.list(inboxOf('ben'), { limit: 10 })).toEqual([]);
  });

  it('is split into files that can be imported alone, in any order, and twice', async () => {
    const [from, to] = [await freshStore(), await freshStore()];
    const messages = [await send(from.store, 1, 3_000_000), await send(from.store, 2, 500), await send(from.store, 3, 900_000)];
    const folder = await freshFolder();
    const { files } = await from.store.exportCar(messages.map(({ cid }) => cid), { out: join(folder, 'x.car'), splitBytes: 1_000_000 });
    expect(files.length).toBeGreaterThan(3);
    expect(files.map(({ path }) => path)).toEqual(files.map((_, i) => join(folder, `x.00${i + 1}.car`)));
    for (const { path, bytes } of files) {
      const content = new Uint8Array(await readFile(path));
      expect(content.length).toBe(bytes);
      expect(bytes).toBeLessThanOrEqual(1_000_000);
    }
    const order = [3, 0, 2, 1, 4, 5, 6].filter((i) => i < files.length);
    let stored = 0;
    for (const i of [...order, 0]) {
      const result = await intake(to.store, new Uint8Array(await readFile(files[i]?.path as string)));
      stored += result.messages.filter(({ outcome }) => outcome === 'stored').length;
      if (stored < 3) to.clock.advance(limits.gcGraceMs);
      const plan = await to.store.gc({ dryRun: true });
      expect(plan).toMatchObject({ messages: 0, blocks: 0 });
    }
    expect(stored).toBe(3);
    for (const { cid, content } of messages) expect(await fetch(to.store, cid)).toEqual(content);
    expect(await to.store.hot.notes('import/')).toEqual([]);
    expect((await to.store.hot.inbox.list(inboxOf('ada'), { limit: 10 })).length).toBe(3);
  });

  it('keeps its blocks from a gc with a short grace time while it is taken in', async () => {
    const [from, to] = [await freshStore(), await freshStore()];
    const message = await send(from.store, 1, 3_000_000);
    const folder = await freshFolder();
    const { files } = await from.store.exportCar([message.cid], { out: join(folder, 'x.car') });
    const bytes = new Uint8Array(await readFile(files[0]?.path as string));
    const collect = () => to.store.gc({ dryRun: true, graceMs: limits.gcGraceMsMin });
    async function* slow(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      yield bytes.slice(0, 2_000_000);
      await rejectsWith(collect(), 'E_LOCKED');
      yield bytes.slice(2_000_000);
    }
    expect(await to.store.importCar(slow(), { place: 'x.car' })).toMatchObject({ messages: [{ outcome: 'stored' }] });
    await rejectsWith(to.store.importCar((async function* () { yield bytes.slice(0, 2_000_000); })(), { place: 'x.car' }), 'E_FORMAT');
    expect(await collect()).toMatchObject({ messages: 0 });
  });

  it('gives up parts that wait too long', async () => {
    const [from, to] = [await freshStore(), await freshStore()];
    const message = await send(from.store, 1, 3_000_000);
    const folder = await freshFolder();
    const { files } = await from.store.exportCar([message.cid], { out: join(folder, 'x.car'), splitBytes: 1_000_000 });
    const result = await intake(to.store, new Uint8Array(await readFile(files[1]?.path as string)));
    expect(result).toMatchObject({ messages: [], incomplete: [{ missing: expect.any(Number) }] });
    expect(await to.store.hot.message(message.cid)).toBeUndefined();
    to.clock.advance(limits.pendingImportMs + 2 * limits.gcGraceMs);
    await to.store.gc({ confirm: (await to.store.gc({ dryRun: true })).planId });
    await to.store.gc({ confirm: (await to.store.gc({ dryRun: true })).planId });
    expect((await held(to.store, 'hot')).size).toBe(0);
  });

  it('carries link nodes in every part', async () => {
    const [from, to] = [await freshStore(), await freshStore()];
    const message = forge('deep', 4_200);
    await putForged(from.store, message);
    const folder = await freshFolder();
    const { files } = await from.store.exportCar([message.cid], { out: join(folder, 'x.car'), splitBytes: 400_000_000, inboxes: [] });
    expect(files.length).toBe(3);
    for (const { path } of files) await intake(to.store, new Uint8Array(await readFile(path)));
    expect((await held(to.store, 'hot')).size).toBe(4_203);
    expect((await to.store.hot.message(message.cid))?.blocks).toBe(4_203);
  });

  it('leaves no file after a failure', async () => {
    const { store } = await freshStore();
    const message = await send(store, 1, 3_000_000);
    const folder = await freshFolder();
    const out = join(folder, 'x.car');
    await rejectsWith(store.exportCar([message.cid, blockOf('none').cid], { out }), 'E_NOT_FOUND');
    await rejectsWith(store.exportCar([message.cid], { out, splitBytes: 100_000 }), 'E_USAGE');
    const blocks: Cid[] = [];
    for await (const { cid } of store.hot.blocks()) if (!cid.equals(message.cid)) blocks.push(cid);
    await store.hot.remove([blocks.at(-1) as Cid]);
    await rejectsWith(store.exportCar([message.cid], { out, splitBytes: 1_000_000 }), 'E_BLOCKS_MISSING');
    expect(await readdir(folder)).toEqual([]);
  });

  it('streams into cold what is beyond the hot budget', async () => {
    const [from, to] = [await freshStore(), await freshStore({ hotBudgetBytes: 1_000_000 })];
    const message = await send(from.store, 1, 3_000_000);
    await intake(to.store, await exported(from.store, [message.cid]));
    expect((await to.store.hot.message(message.cid))?.tiers).toEqual(['files']);
    expect(await fetch(to.store, message.cid)).toEqual(message.content);
  });
});

describe('a damaged CAR', () => {
  it('is refused with a code at every flipped bit, and no message comes of it', async () => {
    const [from, to] = [await freshStore(), await freshStore()];
    const message = await send(from.store, 1, 300);
    const good = await exported(from.store, [message.cid]);
    for (let bit = 0; bit < good.length * 8; bit += 13) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      await expect(intake(to.store, bad), `bit ${bit}`).rejects.toMatchObject({ code: expect.stringMatching(/^E_/) });
    }
    expect(await to.store.hot.message(message.cid)).toBeUndefined();
    expect((await to.store.list({ limit: 10 })).messages).toEqual([]);
    expect((await intake(to.store, good)).messages.length).toBe(1);
  });

  it('is refused wherever it is cut, between two blocks too, and when something was added', async () => {
    const [from, to] = [await freshStore(), await freshStore()];
    const message = await send(from.store, 1, 300);
    const good = await exported(from.store, [message.cid]);
    for (let length = 0; length < good.length; length += 3) await expect(intake(to.store, good.slice(0, length)), `cut at ${length}`).rejects.toMatchObject({ code: 'E_FORMAT' });
    for (let cut = 1; cut < 8; cut++) await rejectsWith(intake(to.store, good.slice(0, -cut)), 'E_FORMAT');
    const extra = encodeCar([], [blockOf('extra')]).slice(-(blockOf('extra').bytes.length + 38));
    await rejectsWith(intake(to.store, new Uint8Array(Buffer.concat([good, extra]))), 'E_FORMAT');
    expect((await to.store.list({ limit: 10 })).messages).toEqual([]);
  });

  it('is refused in part: a packet of another message, a message that is none, a packet that is missing', async () => {
    const [from, to] = [await freshStore(), await freshStore()];
    const [one, two] = [await send(from.store, 1, 300), await send(from.store, 2, 300)];
    const blocks: Block[] = [];
    for (const { cid } of [one, two]) blocks.push({ cid, bytes: (await from.store.hot.get(cid)) as Bytes });
    const packet = (bytes: Bytes) => ({ cid: cidOf(0x55, bytes), bytes });
    const [p1, p2] = [packet(one.announcements[0]?.packet as Bytes), packet(two.announcements[0]?.packet as Bytes)];
    const car = (messages: ReadonlyArray<{ cid: Cid; packets: Cid[] }>, extra: ReadonlyArray<{ cid: Cid; bytes: Bytes }>) => {
      const all = [...extra, ...blocks];
      const index = encodeIndex({ sections: all.length + 1, messages, bundles: [], receipts: [] });
      return encodeCar([index.cid], [index, ...all]);
    };
    const swapped = await intake(to.store, car([{ cid: one.cid, packets: [p2.cid] }, { cid: two.cid, packets: [p2.cid] }], [p2]));
    expect(swapped.refused).toMatchObject([{ code: 'E_FORMAT' }]);
    expect(swapped.messages.map(({ cid }) => cid.toString())).toEqual([two.cid.toString()]);
    expect((await intake(to.store, car([{ cid: one.cid, packets: [p1.cid] }], []))).refused).toMatchObject([{ code: 'E_FORMAT' }]);
    const odd = packet(seeded('odd', 192));
    expect((await intake(to.store, car([{ cid: one.cid, packets: [odd.cid] }], [odd]))).refused).toMatchObject([{ code: 'E_PACKET_CRC' }]);
    expect(await to.store.hot.message(one.cid)).toBeUndefined();
    expect((await intake(to.store, car([{ cid: one.cid, packets: [p1.cid] }], [p1]))).messages.length).toBe(1);
  });

  it('does not make us hold what it claims', async () => {
    const { store } = await freshStore();
    const header = encodeCar([blockOf(1).cid], []);
    const huge = new Uint8Array([...header, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    await expect(intake(store, huge)).rejects.toMatchObject({ code: expect.stringMatching(/^E_(FORMAT|BLOCK_TOO_LARGE)$/) });
    await rejectsWith(intake(store, new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x7f])), 'E_FORMAT');
    await rejectsWith(intake(store, encodeCar([], [])), 'E_FORMAT');
    await rejectsWith(intake(store, new Uint8Array(0)), 'E_FORMAT');
  });
});
