import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, RAW } from '../../../src/core/base/cid.ts';
import { CidList } from '../../../src/core/storage/cid-list.ts';

describe('a list of names', () => {
  it.each([0, 1, 63, 64, 65, 1_000])('of %i gives them back in order and in batches', (count) => {
    const cids = Array.from({ length: count }, (_, i) => cidOf(i % 3 === 0 ? DAG_CBOR : RAW, bytesOf(`${i}`)));
    const list = new CidList();
    for (const cid of cids) list.add(cid);
    expect(list.length).toBe(count);
    for (const size of [1, 7, 64, 2_000]) {
      const batches = [...list.batches(size)];
      expect(batches.flat().map(String)).toEqual(cids.map(String));
      expect(batches.every(({ length }, i) => length === size || i === batches.length - 1)).toBe(true);
    }
  });
});
