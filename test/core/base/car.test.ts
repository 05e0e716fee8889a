import { CarBufferWriter, CarReader } from '@ipld/car';
import { describe, expect, it } from 'vitest';
import { concat, equalBytes, type Bytes } from '../../../src/core/base/bytes.ts';
import { CAR_MARK, carHeader, encodeCar, piecesOf, readCar } from '../../../src/core/base/car.ts';
import { cidOf, DAG_CBOR, RAW } from '../../../src/core/base/cid.ts';
import { encode } from '../../../src/core/base/codec.ts';
import { cuts, flips, letThrough } from '../../support/damage.ts';

const blockOf = (bytes: Bytes) => ({ cid: cidOf(RAW, bytes), bytes });
const one = blockOf(Uint8Array.of(1, 2, 3));
const two = blockOf(new Uint8Array(200).fill(9));
const structured = { bytes: encode({ a: 1 }), cid: cidOf(DAG_CBOR, encode({ a: 1 })) };
const file = encodeCar([one.cid], [one, two, structured]);
const refused = (code: string) => expect.objectContaining({ code });

async function all(bytes: Bytes) {
  const car = await readCar(piecesOf(bytes), 'test');
  const blocks = [];
  for await (const block of car.blocks) blocks.push(block);
  return { roots: car.roots, blocks };
}

describe('a CAR', () => {
  it('is read by the reference implementation, and the reference is read here', async () => {
    const reader = await CarReader.fromBytes(file as Uint8Array<ArrayBuffer>);
    expect((await reader.getRoots()).map(String)).toEqual([one.cid.toString()]);
    for (const { cid, bytes } of [one, two, structured]) expect((await reader.get(cid))?.bytes).toEqual(bytes);
    const writer = CarBufferWriter.createWriter(new ArrayBuffer(1000), { roots: [one.cid] });
    for (const block of [one, two, structured]) writer.write(block);
    expect(concat(writer.close({ resize: true }))).toEqual(file);
  });

  it('may have no roots and no blocks', async () => {
    expect(await all(encodeCar([], []))).toEqual({ roots: [], blocks: [] });
  });

  it('begins with its mark, behind the length of the header', () => {
    expect([1, 2, 3].some((at) => equalBytes(file.subarray(at, at + CAR_MARK.length), CAR_MARK))).toBe(true);
  });

  it('with any bit of a block flipped, or cut within one, is refused', async () => {
    const sections = carHeader([one.cid]).length;
    const damaged = [...flips(file)].filter(({ what }) => Number(what.slice(4)) >= sections * 8);
    expect(await letThrough(damaged, all)).toEqual([]);
    const edges = new Set([sections, sections + 40, sections + 40 + 2 + 236]);
    const cut = [...cuts(file)].filter(({ bytes }) => !edges.has(bytes.length));
    expect(await letThrough(cut, all)).toEqual([]);
  });

  it.each<[string, string, Bytes]>([
    ['nothing', 'E_FORMAT', new Uint8Array(0)],
    ['a header of no length', 'E_FORMAT', Uint8Array.of(0)],
    ['a header longer than a block', 'E_FORMAT', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)],
    ['a length that does not end', 'E_FORMAT', new Uint8Array(12).fill(0xff)],
    ['a length in a longer spelling', 'E_FORMAT', concat(encodeCar([], []), Uint8Array.of(0xa8, 0x00))],
    ['a section without a CID', 'E_FORMAT', concat(encodeCar([], []), Uint8Array.of(3, 1, 2, 3))],
    ['a section over the limit of blocks', 'E_BLOCK_TOO_LARGE', concat(encodeCar([], []), Uint8Array.of(0xa5, 0x80, 0x40))],
    ['a petabyte', 'E_BLOCK_TOO_LARGE', concat(encodeCar([], []), Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01))],
    ['a CID of another hash', 'E_CID_INVALID', concat(encodeCar([], []), Uint8Array.of(36, 1, 0x55, 0x13, 32), new Uint8Array(32))],
    ['version 2', 'E_FORMAT', concat(Uint8Array.of(10), Buffer.from('a16776657273696f6e02', 'hex'))],
    ['a header with more fields', 'E_FORMAT', (() => {
      const header = encode({ version: 1, roots: [], more: 1 });
      return concat(Uint8Array.of(header.length), header);
    })()],
  ])('that is %s is refused', async (_, code, bytes) => {
    await expect(all(bytes)).rejects.toEqual(refused(code));
  });

  it('closes its input when the reader stops early', async () => {
    let closed = false;
    async function* pieces() {
      try {
        yield file;
        yield file;
      } finally {
        closed = true;
      }
    }
    const car = await readCar(pieces(), 'test');
    for await (const block of car.blocks) {
      expect(block.cid.equals(one.cid)).toBe(true);
      break;
    }
    expect(closed).toBe(true);
  });
});
