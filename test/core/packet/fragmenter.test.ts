/** The sending side of streams: what each packet says, and what may not follow what. */
import { expect, test } from 'vitest';
import { cidOf, DAG_CBOR, RAW, type Cid } from '../../../src/core/base/cid.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { decodePacket, encodePacket } from '../../../src/core/packet/codec.ts';
import { Fragmenter, type Announced } from '../../../src/core/packet/fragmenter.ts';
import { blockCid, type DataPacket } from '../../../src/core/packet/packet.ts';
import { codeOf, key, seeded, single } from './helpers.ts';

const { block: _block, sequence: _sequence, ...announced } = single;
const common: Announced = { ...announced, sequence: () => 4 };
const structured = (name: string): Cid => cidOf(DAG_CBOR, seeded(name, 40));
const ciphertext = (i: number): Cid => cidOf(RAW, seeded(`block ${i}`, 40));

test('a whole message is one packet that names its manifest', () => {
  const manifest = structured('manifest');
  const words = new Fragmenter(common).single(manifest);
  expect(words).toMatchObject({ type: 'data', fragment: 'single', index: 0, sequence: 4 });
  expect(blockCid(words).equals(manifest)).toBe(true);
});

test('a stream: opening, content in order, manifest; each survives the codec', () => {
  let sequence = 100;
  const fragmenter = new Fragmenter({ ...common, sequence: () => sequence++ });
  const blocks = [structured('opening'), ciphertext(1), ciphertext(2), structured('manifest')] as const;
  const words = [fragmenter.start(blocks[0]), fragmenter.content(blocks[1]), fragmenter.content(blocks[2]), fragmenter.end(blocks[3])];
  expect(words.map(({ fragment, index }) => [fragment, index])).toEqual([['start', 0], ['content', 1], ['content', 2], ['end', 3]]);
  const decoded = words.map((each) => decodePacket(encodePacket(each, key)) as DataPacket);
  expect(decoded.map(blockCid).map(String)).toEqual(blocks.map(String));
  expect(decoded.map((packet) => packet.sequence)).toEqual([100, 101, 102, 103]);
});

test('an empty stream is an opening and a manifest', () => {
  const fragmenter = new Fragmenter(common);
  fragmenter.start(structured('opening'));
  expect(fragmenter.end(structured('manifest'))).toMatchObject({ fragment: 'end', index: 1 });
});

test('the last index is kept for the manifest', () => {
  const fragmenter = new Fragmenter(common);
  const block = ciphertext(1);
  fragmenter.start(structured('opening'));
  for (let index = 1; index < limits.fragmentsMax - 1; index++) fragmenter.content(block);
  expect(codeOf(() => fragmenter.content(block))).toBe('E_TOO_MANY');
  expect(fragmenter.end(structured('manifest')).index).toBe(limits.fragmentsMax - 1);
});

test('calls out of order and blocks of the wrong kind are our own mistake, and use up no sequence number', () => {
  let sequence = 0;
  const fresh = () => new Fragmenter({ ...common, sequence: () => sequence++ });
  const opening = structured('opening');
  expect(() => fresh().content(ciphertext(1))).toThrow(Error);
  expect(() => fresh().end(opening)).toThrow(Error);
  expect(() => fresh().start(ciphertext(1))).toThrow(Error);
  expect(() => fresh().single(ciphertext(1))).toThrow(Error);
  expect(sequence).toBe(0);
  const started = fresh();
  started.start(opening);
  expect(() => started.start(opening)).toThrow(Error);
  expect(() => started.single(opening)).toThrow(Error);
  expect(() => started.content(opening)).toThrow(Error);
  started.end(opening);
  expect(() => started.content(ciphertext(1))).toThrow(Error);
  expect(() => started.end(opening)).toThrow(Error);
  const done = fresh();
  done.single(opening);
  expect(() => done.start(opening)).toThrow(Error);
  expect(sequence).toBe(3);
});
