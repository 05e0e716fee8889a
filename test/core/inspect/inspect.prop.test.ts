/** Any bytes give facts or a code: no crash, no hang, whatever they begin like. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesOf, concat, type Bytes } from '../../../src/core/base/bytes.ts';
import { carHeader, carSection } from '../../../src/core/base/car.ts';
import { cidOf, DAG_CBOR, RAW } from '../../../src/core/base/cid.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { encode, type Value } from '../../../src/core/base/codec.ts';
import { inspectBytes } from './specimens.ts';

const marks: readonly Bytes[] = [
  new Uint8Array(0),
  bytesOf('omniplex-backup\n'),
  Uint8Array.of(0x3a, 0xa2, 0x65, ...bytesOf('roots')),
  Uint8Array.of(0xa4, 0x61, 0x76, 0x01, 0x63, ...bytesOf('kdf')),
  Uint8Array.of(0xa7, 0x61, 0x76, 0x01, 0x63, ...bytesOf('mac')),
  Uint8Array.of(0x01, 0x01),
  carHeader([cidOf(RAW, bytesOf('x'))]),
];

const someBytes = fc.tuple(fc.constantFrom(...marks), fc.uint8Array({ maxLength: 400 })).map(([mark, rest]) => concat(mark, rest));

const leaf = fc.oneof(fc.nat(), fc.string({ maxLength: 8 }), fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 4 }).map((bytes) => cidOf(RAW, bytes)));
const field = fc.constantFrom('manifest', 'key', 'signing', 'kem', 'seq', 'reason', 'signatures', 'kind', 'sections', 'keys', 'stanzas', 'content', 'salt', 'links', 'sealed', 'id', 'at');
const structured = fc.dictionary(field, fc.oneof(leaf, fc.array(leaf, { maxLength: 4 }), fc.dictionary(field, leaf)), { maxKeys: 8 }).map((fields) => encode({ v: 1, ...fields } as Value));

const endsWell = async (bytes: Bytes): Promise<boolean> => {
  try {
    const { result } = await inspectBytes(bytes);
    return result.hidden.length > 0;
  } catch (error) {
    return isError(error) && error.code !== 'E_BUG';
  }
};

it('any bytes', async () => {
  await fc.assert(fc.asyncProperty(someBytes, endsWell), { numRuns: 2_000 });
  expect.assertions(0);
});

it('any block that has fields of ours, on its own and in a CAR', async () => {
  await fc.assert(fc.asyncProperty(structured, endsWell), { numRuns: 1_000 });
  const inCar = fc.array(fc.oneof(structured, fc.uint8Array({ minLength: 192, maxLength: 192 })), { maxLength: 4 }).map((blocks) =>
    concat(carHeader(blocks.slice(0, 1).map((bytes) => cidOf(DAG_CBOR, bytes))), ...blocks.map((bytes) => carSection({ cid: cidOf(bytes.length === 192 ? RAW : DAG_CBOR, bytes), bytes }))),
  );
  await fc.assert(fc.asyncProperty(inCar, endsWell), { numRuns: 500 });
  expect.assertions(0);
});
