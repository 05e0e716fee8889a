import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat, type Bytes } from '../../../src/core/base/bytes.ts';
import { encodeCar, piecesOf, readCar } from '../../../src/core/base/car.ts';
import { cidOf, DAG_CBOR, RAW, type Cid } from '../../../src/core/base/cid.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { loadProvider, type CryptoProvider, type SigningKeys } from '../../../src/core/crypto/index.ts';
import { certify, decodeBundle, keyIdOf, signBundle, verifyBundle, type BundleFields } from '../../../src/core/identity/bundle.ts';
import { decodeGenesis, makeGenesis, type Genesis } from '../../../src/core/identity/genesis.ts';
import { decodeInbox, decodeRevocation } from '../../../src/core/identity/index.ts';

let crypto: CryptoProvider;
let keys: SigningKeys;
let genesis: Genesis;

beforeAll(async () => {
  crypto = await loadProvider('auto', systemRng);
  const key = crypto.signature('ed25519').fromSeed(new Uint8Array(32).fill(1));
  keys = { ed25519: key };
  genesis = makeGenesis({ ed25519: key.publicKey });
});

const kemKey = fc.integer({ min: 0, max: 2 ** 31 }).map((seed): Bytes => {
  const key = new Uint8Array(1216).fill(seed & 0xff);
  new DataView(key.buffer).setUint32(0, seed);
  return key;
});
const anyCid = (codec: typeof RAW | typeof DAG_CBOR) => fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes): Cid => cidOf(codec, bytes));

const fields = fc
  .record({
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    from: fc.nat({ max: 2 ** 40 }),
    prev: anyCid(DAG_CBOR),
    issuedAtMs: fc.nat({ max: 2 ** 45 }),
    life: fc.integer({ min: 1, max: 2 ** 40 }),
    name: fc.option(fc.stringMatching(/^[a-z0-9][a-z0-9._@-]{0,20}$/), { nil: undefined }),
    kems: fc.uniqueArray(kemKey, { minLength: 1, maxLength: 5, selector: (key) => Buffer.from(key).toString('hex') }),
    untils: fc.array(fc.nat({ max: 2 ** 40 }), { minLength: 4, maxLength: 4 }),
    inboxes: fc.uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }).map(decodeInbox), { maxLength: 8, selector: ({ cid }) => cid.toString() }),
  })
  .map(({ seq, from, prev, issuedAtMs, life, name, kems, untils, inboxes }): BundleFields => {
    const expiresAtMs = issuedAtMs + life;
    const dates = untils.map((until) => 1 + (until % expiresAtMs)).sort((a, b) => a - b);
    const [identityKey, ...others] = kems as [Bytes, ...Bytes[]];
    return {
      id: genesis.id,
      seq,
      prev: seq === 1 ? undefined : prev,
      issuedAtMs,
      expiresAtMs,
      name,
      signing: certify(crypto, keys, genesis.id, 1 + (from % seq), { ed25519: keys.ed25519!.publicKey }),
      kemKey: identityKey,
      prekeys: others.map((key, i) => ({ key, keyId: keyIdOf(key), untilMs: dates[i] as number })),
      inboxes,
    };
  });

describe('the bundle codec', () => {
  it('gives back what was signed, in the same bytes', () => {
    fc.assert(
      fc.property(fields, (given) => {
        const bundle = signBundle(crypto, keys, given);
        verifyBundle(crypto, genesis, bundle);
        expect(bundle).toMatchObject(given);
        expect(encode(decode('bundle', bundle.block))).toEqual(bundle.block);
      }),
      { numRuns: 40 },
    );
  });

  it('is total: any bytes and any value give a bundle that verifies, or a code', () => {
    const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, fc.nat(), fc.string(), fc.boolean(), fc.constant(null), fc.uint8Array(), anyCid(RAW), anyCid(DAG_CBOR), fc.array(tie('value')), fc.dictionary(fc.string().filter((key) => key !== '__proto__'), tie('value'))),
    })).value;
    const input = fc.oneof(fc.uint8Array({ maxLength: 200 }), value.map((one) => encode(one)));
    const changed = fc.tuple(fields, fc.constantFrom('v', 'id', 'seq', 'prev', 'issued', 'expires', 'name', 'signing', 'kem', 'prekeys', 'inboxes', 'signatures'), value).map(([given, field, other]) =>
      encode({ ...(decode('bundle', signBundle(crypto, keys, given).block) as Record<string, Value>), [field]: other }),
    );
    fc.assert(
      fc.property(fc.oneof(input, changed), (bytes) => {
        for (const read of [(block: Bytes) => verifyBundle(crypto, genesis, decodeBundle(block)), decodeGenesis, decodeRevocation]) {
          try {
            read(bytes);
          } catch (error) {
            if (!isError(error)) throw error;
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the CAR codec', () => {
  const blocks = fc.array(fc.uint8Array({ maxLength: 300 }).map((bytes) => ({ cid: cidOf(RAW, bytes), bytes })), { maxLength: 8 });

  it('gives back blocks whatever the split of the input', async () => {
    await fc.assert(
      fc.asyncProperty(blocks, fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 40 }), async (given, sizes) => {
        const file = encodeCar(given.map(({ cid }) => cid), given);
        async function* pieces() {
          let at = 0;
          for (const size of sizes) yield file.subarray(at, (at += size));
          yield file.subarray(Math.min(at, file.length));
        }
        const car = await readCar(pieces(), 'test');
        expect(car.roots.map(String)).toEqual(given.map(({ cid }) => cid.toString()));
        const found = [];
        for await (const { cid, bytes } of car.blocks) found.push({ cid: cid.toString(), bytes: concat(bytes) });
        expect(found).toEqual(given.map(({ cid, bytes }) => ({ cid: cid.toString(), bytes })));
      }),
      { numRuns: 60 },
    );
  });

  it('is total', async () => {
    const start = encodeCar([], []);
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.uint8Array({ maxLength: 200 }), async (headed, bytes) => {
        try {
          const car = await readCar(piecesOf(headed ? concat(start, bytes) : bytes), 'test');
          for await (const block of car.blocks) expect(block.bytes.length).toBeLessThan(bytes.length);
        } catch (error) {
          if (!isError(error)) throw error;
        }
      }),
    );
  });
});
