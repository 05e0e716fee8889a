/**
 * The native provider beside the noble one: every KEM, every signature scheme, X25519. Each row is native's operations a second of CPU
 * time, its limit is noble's, its ratio is native over noble. Keys are prepared before: a key that is used again is cached by the
 * native provider, as it is when one recipient gets many messages; `encapsulate-new` meets a new recipient each time.
 * It says nothing of side channels, nor of memory.
 */
import { bytesOf, type Bytes } from '../base/bytes.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { loadProvider, kemParameters, signatureParameters, type CryptoProvider, type KemName, type SignatureName } from '../crypto/index.ts';
import type { Bench, BenchRun, Group } from './bench.ts';
import type { Contestant } from './measure.ts';
import { atLeast, type Budget, type Row } from './report.ts';

const kems: readonly KemName[] = ['ml-kem-512', 'ml-kem-768', 'ml-kem-1024', 'x-wing'];
const signatures: readonly SignatureName[] = ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87', 'slh-dsa-sha2-128f', 'ed25519'];
const MESSAGE_BYTES = 1_024;
/** X-Wing's secret key in use is its seed; a seed of 64 bytes is an ML-KEM private key too (FIPS 203, 3.3). */
const X25519_BYTES = 32;

export const shownName: Readonly<Record<KemName | SignatureName | 'x25519', string>> = {
  'ml-kem-512': 'ML-KEM-512',
  'ml-kem-768': 'ML-KEM-768',
  'ml-kem-1024': 'ML-KEM-1024',
  'x-wing': 'X-Wing',
  'ml-dsa-44': 'ML-DSA-44',
  'ml-dsa-65': 'ML-DSA-65',
  'ml-dsa-87': 'ML-DSA-87',
  'slh-dsa-sha2-128f': 'SLH-DSA-128f',
  ed25519: 'Ed25519',
  x25519: 'X25519',
};

type Work = (index: number) => unknown;
type Operation = (provider: CryptoProvider) => Work;

const xWingBudget: Budget = atLeast(15);

/** One of something that an index names, made in advance. */
function ring<T>(count: number, make: () => T): (index: number) => T {
  const items = Array.from({ length: count }, make);
  return (index) => items[index % count] as T;
}

/** More than the provider keeps, so that each is new to it when its turn comes again. */
const NEW_KEYS = limits.publicKeysCachedMax * 2;

const kemOperations = (name: KemName): Readonly<Record<string, Operation>> => ({
  keygen: (provider) => {
    const kem = provider.kem(name);
    return () => kem.fromSeed(provider.rng.bytes(kem.seedBytes));
  },
  encapsulate: (provider) => {
    const kem = provider.kem(name);
    const { publicKey } = kem.fromSeed(provider.rng.bytes(kem.seedBytes));
    return () => kem.encapsulate(publicKey);
  },
  'encapsulate-new': (provider) => {
    const kem = provider.kem(name);
    const keyOf = ring(NEW_KEYS, () => kem.fromSeed(provider.rng.bytes(kem.seedBytes)).publicKey);
    return (index) => kem.encapsulate(keyOf(index));
  },
  decapsulate: (provider) => {
    const kem = provider.kem(name);
    const key = kem.fromSeed(provider.rng.bytes(kem.seedBytes));
    const { ciphertext } = kem.encapsulate(key.publicKey);
    return () => kem.decapsulate(key, ciphertext);
  },
});

const signatureOperations = (name: SignatureName, message: Bytes): Readonly<Record<string, Operation>> => ({
  keygen: (provider) => {
    const scheme = provider.signature(name);
    return () => scheme.fromSeed(provider.rng.bytes(scheme.seedBytes));
  },
  sign: (provider) => {
    const scheme = provider.signature(name);
    const key = scheme.fromSeed(provider.rng.bytes(scheme.seedBytes));
    return () => scheme.sign(key, message);
  },
  verify: (provider) => {
    const scheme = provider.signature(name);
    const key = scheme.fromSeed(provider.rng.bytes(scheme.seedBytes));
    const signature = scheme.sign(key, message);
    return () => {
      if (!scheme.verify(key.publicKey, message, signature)) throw fail('E_BUG', { why: `${name} refuses its own signature` });
    };
  },
});

const x25519Operations: Readonly<Record<string, Operation>> = {
  keygen: (provider) => () => provider.x25519.publicKey(provider.rng.bytes(X25519_BYTES)),
  agree: (provider) => {
    const secret = provider.rng.bytes(X25519_BYTES);
    const peer = provider.x25519.publicKey(provider.rng.bytes(X25519_BYTES));
    return () => provider.x25519.sharedSecret(secret, peer);
  },
};

/** ML-DSA signs by trial: four tries on average, sometimes twenty. A sample holds enough signatures that their mean stands still. */
const SIGN_SAMPLE_MS = 100;

const contestant = (provider: CryptoProvider, what: string, operation: Operation): Contestant => ({
  name: provider.name,
  run: operation(provider),
  ...(what === 'sign' ? { sampleMs: SIGN_SAMPLE_MS } : {}),
});

interface Algorithm {
  readonly name: KemName | SignatureName | 'x25519';
  readonly operations: Readonly<Record<string, Operation>>;
  readonly sizes: Readonly<Record<string, number>>;
}

function algorithmsOf(message: Bytes): readonly Algorithm[] {
  return [
    ...kems.map((name) => ({ name, operations: kemOperations(name), sizes: { ...kemParameters[name], secretBytes: 32 } })),
    { name: 'x25519' as const, operations: x25519Operations, sizes: { seedBytes: X25519_BYTES, publicKeyBytes: X25519_BYTES, secretBytes: X25519_BYTES } },
    ...signatures.map((name) => ({ name, operations: signatureOperations(name, message), sizes: { ...signatureParameters[name] } })),
  ];
}

async function providersOf({ provider, rng }: BenchRun): Promise<readonly CryptoProvider[]> {
  const noble = await loadProvider('noble', rng);
  return provider === 'noble' ? [noble] : [await loadProvider('native', rng), noble];
}

const groupOf = ({ name, sizes }: Algorithm, what: string, operation: Operation): Group => {
  const id = `pq.${name}.${what}`;
  return {
    ids: [id],
    async run(run): Promise<readonly Row[]> {
      const [subject, limit] = await run.measure((await providersOf(run)).map((provider) => contestant(provider, what, operation)));
      if (subject === undefined) throw new RangeError('no contestants');
      const budget = id === 'pq.x-wing.encapsulate' && limit !== undefined ? { budget: xWingBudget } : {};
      return [
        run.row({ id, label: `${shownName[name]} ${what}`, unit: 'ops/s', basis: 'cpu', subject, ...(limit ? { limit } : {}), ...budget, details: sizes }),
      ];
    },
  };
};

export const pq: Bench = {
  name: 'pq',
  groups() {
    const message = bytesOf('m'.repeat(MESSAGE_BYTES));
    return algorithmsOf(message).flatMap((algorithm) => Object.entries(algorithm.operations).map(([what, operation]) => groupOf(algorithm, what, operation)));
  },
};
