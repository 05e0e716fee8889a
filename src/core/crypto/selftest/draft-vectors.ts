/**
 * Vectors that are not Wycheproof's: X-Wing and HPKE (from the drafts), BLAKE3, multihash.
 * Hostile input is no concern here, wrong shapes are: a document that is not of the format is answered with undefined.
 */
import { bytesOf, bytesOfHex as hex, concat } from '../../base/bytes.ts';
import { cidOf, decodeCid, RAW } from '../../base/cid.ts';
import { KeyedBlake3, keyedBlake3Xof } from '../blake3.ts';
import { hpkeOpen, hpkeSeal } from '../hpke.ts';
import { is, refuses, type CaseSet } from './case.ts';

type Text = Readonly<Record<string, string>>;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

const records = (document: unknown, ...keys: readonly string[]): ReadonlyArray<Readonly<Record<string, unknown>>> | undefined =>
  Array.isArray(document) && document.length > 0 && document.every((item) => isRecord(item) && keys.every((key) => key in item)) ? document : undefined;

/** draft-connolly-cfrg-xwing-kem, spec/test-vectors.json. Native takes no randomness: there, key generation and decapsulation are the case. */
export function xWingCases(document: unknown): CaseSet | undefined {
  const vectors = records(document, 'seed', 'eseed', 'ss', 'pk', 'ct') as readonly Text[] | undefined;
  if (vectors === undefined) return undefined;
  const cases = vectors.map((vector, i) => ({
    id: `${i + 1}`,
    run: (provider: Parameters<CaseSet['cases'][number]['run']>[0]) => {
      const { seed = '', eseed = '', ss = '', pk = '', ct = '' } = vector;
      const kem = provider.kem('x-wing');
      const key = kem.fromSeed(hex(seed));
      if (!is(key.publicKey, pk) || !is(kem.decapsulate(key, hex(ct)), ss)) return false;
      if (provider.name === 'native') return true;
      const { ciphertext, secret } = kem.encapsulate(hex(pk), hex(eseed));
      return is(ciphertext, ct) && is(secret, ss);
    },
  }));
  return { cases, perProvider: true };
}

interface HpkeVector {
  readonly mode: number;
  readonly kem_id: number;
  readonly kdf_id: number;
  readonly aead_id: number;
  readonly info: string;
  readonly ikmE: string;
  readonly skRm: string;
  readonly pkRm: string;
  readonly enc: string;
  readonly encryptions: ReadonlyArray<{ readonly aad: string; readonly ct: string; readonly pt: string }>;
}

/** draft-ietf-hpke-pq and RFC 9180, test-vectors.json: base mode in our one suite; a single message, the first. */
export function hpkeCases(document: unknown): CaseSet | undefined {
  const vectors = records(document, 'mode', 'kem_id', 'kdf_id', 'aead_id', 'skRm', 'encryptions') as readonly HpkeVector[] | undefined;
  if (vectors === undefined) return undefined;
  const cases = vectors.map((vector, i) => ({
    id: `${i + 1}`,
    run: (provider: Parameters<CaseSet['cases'][number]['run']>[0]) => {
      const first = vector.encryptions[0];
      const isOurs = vector.mode === 0 && vector.kem_id === 0x647a && vector.kdf_id === 1 && vector.aead_id === 3;
      if (!isOurs || first === undefined) return 'notApplicable';
      const key = provider.kem('x-wing').fromSeed(hex(vector.skRm));
      const [info, aad] = [hex(vector.info), hex(first.aad)];
      if (!is(key.publicKey, vector.pkRm) || !is(hpkeOpen(provider, key, hex(vector.enc), info, hex(first.ct), aad), first.pt)) return false;
      if (provider.name === 'native') return true;
      const sealed = hpkeSeal(provider, key.publicKey, info, hex(first.pt), aad, hex(vector.ikmE));
      return is(sealed.enc, vector.enc) && is(sealed.ciphertext, first.ct);
    },
  }));
  return { cases, perProvider: true };
}

/** BLAKE3, test_vectors.json: the keyed mode, which is the one in use, by both engines and at full length. */
export function blake3Cases(document: unknown): CaseSet | undefined {
  if (!isRecord(document) || typeof document['key'] !== 'string' || !('context_string' in document)) return undefined;
  const vectors = records(document['cases'], 'input_len', 'keyed_hash') as ReadonlyArray<{ input_len: number; keyed_hash: string }> | undefined;
  if (vectors === undefined) return undefined;
  const key = bytesOf(document['key']);
  const cases = vectors.map(({ input_len, keyed_hash }) => ({
    id: `input of ${input_len} bytes`,
    run: async () => {
      const input = Uint8Array.from({ length: input_len }, (_, i) => i % 251);
      const hasher = await KeyedBlake3.create(key);
      return is(keyedBlake3Xof(key, input, keyed_hash.length / 2), keyed_hash) && is(hasher.hash(input), keyed_hash.slice(0, 64));
    },
  }));
  return { cases, perProvider: false };
}

/** multihash, test_cases.csv (its input is text, not hexadecimal): the one multihash of our CIDs must come out right, and a CID with any other must be refused. */
export function multihashCases(text: string): CaseSet | undefined {
  const [header, ...lines] = text.split(/\r?\n/);
  if (header !== 'algorithm,bits,input,multihash') return undefined;
  const cases = lines.filter((line) => line !== '').map((line, i) => ({
    id: `line ${i + 2}`,
    run: () => {
      const [algorithm = '', bits = '', input = '', multihash = ''] = line.split(',');
      const cid = concat(Uint8Array.of(1, RAW), hex(multihash));
      if (algorithm !== 'sha2-256' || bits !== '256') return refuses(() => decodeCid(cid));
      return is(cidOf(RAW, bytesOf(input)).multihash.bytes, multihash) && is(decodeCid(cid).multihash.bytes, multihash);
    },
  }));
  return { cases, perProvider: false };
}
