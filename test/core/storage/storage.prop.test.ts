/** Whatever the bytes: decoders of the store answer or refuse with a code, and what they wrote they read. */
import fc from 'fast-check';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { piecesOf } from '../../../src/core/base/car.ts';
import { cidOfDigest, DAG_CBOR, RAW } from '../../../src/core/base/cid.ts';
import { OmniplexError } from '../../../src/core/base/errors.ts';
import { decodeIndex } from '../../../src/core/storage/car-index.ts';
import { decodeAnnouncements, encodeAnnouncements } from '../../../src/core/storage/cold/announcements.ts';
import { cidOfFile, shelfOf } from '../../../src/core/storage/cold/sharding.ts';
import { EmbeddedHotTier } from '../../../src/core/storage/hot/embedded.ts';
import { salvageHot } from '../../../src/core/storage/hot/salvage.ts';
import { encodeEntry, readEntry } from '../../../src/core/storage/journal-record.ts';
import { durabilities } from '../../../src/core/storage/ports.ts';
import { ManualClock } from '../../support/clock.ts';
import { freshFolder } from '../../support/folder.ts';
import { blockOf } from './blocks.ts';
import { freshStore } from './store.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const cid = bytes(32).map((digest) => cidOfDigest(DAG_CBOR, digest));
const natural = fc.nat({ max: 2 ** 31 - 1 });

/** The value, or undefined where it was refused with a code. Anything else fails the test. */
function refusedOr<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof OmniplexError) return undefined;
    throw error;
  }
}

describe('the journal', () => {
  const acknowledgement = fc.record({ cid, durability: fc.constantFrom(...durabilities), atMs: natural, inboxes: fc.array(bytes(32), { maxLength: 5 }), bytes: natural, expiresAtMs: natural });
  const release = fc.record({ cid, atMs: natural, reason: fc.constantFrom('removed' as const, 'expired' as const) });
  const entry = fc.oneof(
    acknowledgement.map((one) => ({ kind: 'acknowledged' as const, acknowledgement: one })),
    release.map((one) => ({ kind: 'released' as const, release: one })),
  );

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), (entries) => {
        const file = Buffer.concat(entries.map(encodeEntry));
        let at = 0;
        for (const written of entries) {
          const found = readEntry(file, at, true);
          expect(found).toMatchObject({ entry: written });
          at = (found as { next: number }).next;
        }
        expect(at).toBe(file.length);
      }),
    );
  });

  it('answers to any bytes, and never reads past them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, last) => {
        const found = refusedOr(() => readEntry(noise, 0, last));
        if (typeof found === 'object') expect(found.next).toBeLessThanOrEqual(noise.length);
      }),
    );
  });

  it('takes no altered record for a whole one', () => {
    fc.assert(
      fc.property(entry, natural, fc.integer({ min: 1, max: 255 }), (written, where, mask) => {
        const frame = encodeEntry(written);
        const at = where % frame.length;
        frame[at] = (frame[at] as number) ^ mask;
        expect(typeof refusedOr(() => readEntry(frame, 0, true))).not.toBe('object');
      }),
    );
  });
});

describe('files of the cold tier', () => {
  it('find the block by its name, and no block by another', () => {
    fc.assert(
      fc.property(bytes(32), fc.string({ maxLength: 70 }), (digest, name) => {
        const raw = cidOfDigest(RAW, digest);
        const { shard, file } = shelfOf(cidOfDigest(DAG_CBOR, digest));
        expect(cidOfFile(shard, file)?.equals(raw)).toBe(true);
        expect(cidOfFile(shard, name)).toBeUndefined();
        expect(cidOfFile('..', file)).toBeUndefined();
      }),
    );
  });

  it('hold announcements as they were written, or none', () => {
    fc.assert(
      fc.property(cid, fc.array(bytes(192), { maxLength: 4 }), natural, fc.integer({ min: 0, max: 255 }), (message, packets, where, mask) => {
        const file = encodeAnnouncements(message, packets).slice();
        file[where % file.length] = (file[where % file.length] as number) ^ mask;
        const found = refusedOr(() => decodeAnnouncements(message, file, 'x'));
        if (mask === 0) expect(found).toEqual(packets);
        else expect(found).toBeUndefined();
      }),
    );
  });
});

describe('salvage', () => {
  it('reads any pages without falling, and makes nothing up', async () => {
    const path = join(await freshFolder(), 'noise.db');
    const page = fc.uint8Array({ minLength: 300, maxLength: 300 }).map((head) => {
      const whole = Buffer.alloc(16_384, head);
      // half of them say that they are leaves of a table
      if ((head[0] as number) % 2 === 0) whole[0] = 0x0d;
      return whole;
    });
    await fc.assert(
      fc.asyncProperty(fc.array(page, { minLength: 1, maxLength: 4 }), async (pages) => {
        await writeFile(path, Buffer.concat(pages));
        expect([...salvageHot(path, { unreadable: new Set(), damagedRows: 0 })]).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a CAR', () => {
  it('is imported or refused with a code, whatever it holds', async () => {
    const { store } = await freshStore();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (noise) => {
        const code = await store.importCar(piecesOf(noise), { place: 'noise' }).then(
          () => 'imported',
          (error: unknown) => (error instanceof OmniplexError ? 'refused' : 'fell'),
        );
        expect(code).toBe('refused');
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(refusedOr(() => decodeIndex(noise))).toBeUndefined();
      }),
    );
  });
});

describe('the hot tier', () => {
  it('holds what a map of blocks would hold', async () => {
    const path = join(await freshFolder(), 'hot.db');
    EmbeddedHotTier.create(path);
    const tier = await EmbeddedHotTier.open(path, new ManualClock());
    const model = new Map<number, number>();
    const step = fc.record({ act: fc.constantFrom('put', 'put', 'remove'), which: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 8 }) });
    const block = (n: number) => blockOf(`model ${n}`, (n * 997) % 3_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        for (const { act, which } of steps) {
          if (act === 'put') await tier.put(which.map(block));
          else await tier.remove(which.map((n) => block(n).cid));
          for (const n of which) if (act === 'put') model.set(n, block(n).bytes.length); else model.delete(n);
        }
        expect(await tier.usage()).toEqual({ blocks: model.size, bytes: [...model.values()].reduce((a, b) => a + b, 0) });
        expect(await tier.has(Array.from({ length: 31 }, (_, n) => block(n).cid))).toEqual(Array.from({ length: 31 }, (_, n) => model.has(n)));
      }),
      { numRuns: 30 },
    );
    expect(await tier.usageHolds(false)).toBe(true);
    await tier.close();
  });
});
