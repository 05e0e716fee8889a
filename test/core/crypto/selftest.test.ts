/** The self-test itself: it passes here, and it can fail. Vectors are written on the spot, in the shapes of the upstream files. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bytesOf, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, RAW } from '../../../src/core/base/cid.ts';
import { keyedBlake3Xof } from '../../../src/core/crypto/blake3.ts';
import { hpkeSeal, sealAll, type CryptoProvider } from '../../../src/core/crypto/index.ts';
import { builtinCases } from '../../../src/core/crypto/selftest/builtin.ts';
import { tally } from '../../../src/core/crypto/selftest/case.ts';
import { notHeld, runVectors, selfTest } from '../../../src/core/crypto/selftest/index.ts';
import { freshFolder } from '../../support/folder.ts';
import { EMPTY, flipBit, native, noble, providers, seededRng } from './support.ts';

const rng = seededRng('selftest');
const flipHex = (hex: string): string => (hex.startsWith('0') ? '1' : '0') + hex.slice(1);
const wycheproof = (algorithm: string, group: object, tests: object[]) => ({ algorithm, numberOfTests: tests.length, testGroups: [{ ...group, tests }] });

async function folderWith(files: Record<string, unknown>): Promise<string> {
  const folder = await freshFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

describe('built-in', () => {
  test('all hold on both providers', async () => {
    const failures: unknown[] = [];
    const result = await selfTest({ report: (failure) => failures.push(failure) });
    expect(failures).toEqual([]);
    expect(result).toMatchObject({ failed: 0, files: [{ file: 'built-in', provider: 'native', failed: 0 }, { file: 'built-in', provider: 'noble', failed: 0, notApplicable: 0 }] });
    expect(result.passed).toBe(2 * builtinCases.length - result.notApplicable);
    expect(notHeld(result)).toBeUndefined();
  });

  test('one provider alone, on demand', async () => {
    expect((await selfTest({ provider: 'noble' })).files.map(({ provider }) => provider)).toEqual(['noble']);
  });

  test('each planted fault is seen, and counted', async () => {
    const faults: Record<string, Partial<CryptoProvider>> = {
      'aes-256-gcm': { aesGcm: { ...native.aesGcm, open: (_key, _nonce, sealed) => sealed.subarray(0, -16) } },
      'hmac-sha-256': { hmacSha256: (key, ...parts) => flipBit(native.hmacSha256(key, ...parts), 0) },
      'hkdf-sha-512': { hkdfSha512: native.hkdfSha256 },
      x25519: { x25519: { ...native.x25519, sharedSecret: () => new Uint8Array(32) } },
      'ml-dsa-65': { signature: (name) => ({ ...native.signature(name), verify: () => true }) },
      'x-wing': { kem: (name) => ({ ...native.kem(name), decapsulate: () => new Uint8Array(32) }) },
      'cobblestone-256': { hkdfExpandSha512: () => { throw new Error('planted'); } },
    };
    for (const [id, fault] of Object.entries(faults)) {
      const seen: string[] = [];
      const [row] = await tally('built-in', { cases: builtinCases, perProvider: true }, [{ ...native, ...fault }], { report: (failure) => seen.push(failure.id) });
      expect(seen).toContain(id);
      expect(row?.failed).toBe(seen.length);
      expect(notHeld({ passed: row?.passed ?? 0, failed: row?.failed ?? 0, notApplicable: 0, files: [] })?.code).toBe('E_SELFTEST');
    }
  });
});

describe('vector files', () => {
  const [key, nonce] = [rng.bytes(32), rng.bytes(12)];
  const gcm = (message: Bytes) => native.aesGcm.seal(key, nonce, message, EMPTY);
  const gcmTest = (message: Bytes, result: string, sealed = gcm(message)) => ({
    tcId: 1, key: hexOf(key), iv: hexOf(nonce), aad: '', msg: hexOf(message), ct: hexOf(sealed.subarray(0, -16)), tag: hexOf(sealed.subarray(-16)), result,
  });
  const gcmGroup = { type: 'AeadTest', keySize: 256, ivSize: 96, tagSize: 128 };

  test('a wrong answer, an accepted forgery and a refused truth are three failures', async () => {
    const message = bytesOf('m');
    const tests = [
      gcmTest(message, 'valid'),
      gcmTest(message, 'invalid', flipBit(gcm(message), 0)),
      gcmTest(message, 'valid', flipBit(gcm(message), 0)),
      gcmTest(message, 'invalid'),
      { ...gcmTest(message, 'valid'), msg: hexOf(bytesOf('n')) },
    ];
    const folder = await folderWith({ 'deep/er/vectors.json': wycheproof('AES-GCM', gcmGroup, tests) });
    expect(await runVectors(folder, providers)).toEqual(
      ['native', 'noble'].map((provider) => ({ file: 'deep/er/vectors.json', provider, passed: 2, failed: 3, notApplicable: 0 })),
    );
  });

  test('other key, nonce and tag sizes, other algorithms and unknown kinds are not applicable', async () => {
    const one = [gcmTest(EMPTY, 'valid')];
    const folder = await folderWith({
      'a.json': { ...wycheproof('AES-GCM', gcmGroup, one), testGroups: [
        { ...gcmGroup, tests: one }, { ...gcmGroup, keySize: 128, tests: one }, { ...gcmGroup, ivSize: 128, tests: one }, { ...gcmGroup, tagSize: 96, tests: one }, { type: 'toString', tests: one },
      ] },
      'b.json': wycheproof('AES-GCM-SIV', gcmGroup, one),
    });
    expect(await runVectors(folder, [native])).toMatchObject([{ file: 'a.json', passed: 1, failed: 0, notApplicable: 4 }, { file: 'b.json', passed: 0, failed: 0, notApplicable: 1 }]);
  });

  test('chunked encryption: what a stream releases before it fails is compared too', async () => {
    const [context, plaintext] = [bytesOf('ctx'), rng.bytes(20_000)];
    const file = sealAll(native, key, context, plaintext);
    const cut = file.subarray(0, 56 + 16_400);
    const sha512 = async (bytes: Bytes) => hexOf(new Uint8Array(await crypto.subtle.digest('SHA-512', Uint8Array.from(bytes))));
    const common = { key: hexOf(key), ctx: hexOf(context), result: 'invalid', ct: hexOf(new Uint8Array(deflateSync(cut))) };
    const released = { msgLength: 16_384, msgSha512: await sha512(plaintext.subarray(0, 16_384)) };
    const tests = [{ tcId: 1, ...common, ...released }, { tcId: 2, ...common }, { tcId: 3, ...common, ...released, msgSha512: flipHex(released.msgSha512) }];
    const folder = await folderWith({ 'c.json': wycheproof('Cobblestone-256', { type: 'ChunkedEncryption', aead: 'AEAD_AES_256_GCM', sha: 'SHA-512' }, tests) });
    expect(await runVectors(folder, [noble])).toMatchObject([{ passed: 1, failed: 2 }]);
  });

  test('X-Wing, HPKE, BLAKE3 and multihash are known by what they hold', async () => {
    const [seed, eseed] = [rng.bytes(32), rng.bytes(64)];
    const kem = noble.kem('x-wing');
    const receiver = kem.fromSeed(seed);
    const { ciphertext, secret } = kem.encapsulate(receiver.publicKey, eseed);
    const xwing = { seed: hexOf(seed), eseed: hexOf(eseed), ss: hexOf(secret), sk: hexOf(seed), pk: hexOf(receiver.publicKey), ct: hexOf(ciphertext) };
    const sealed = hpkeSeal(noble, receiver.publicKey, EMPTY, bytesOf('pt'), EMPTY, eseed);
    const hpke = {
      mode: 0, kem_id: 0x647a, kdf_id: 1, aead_id: 3, info: '', ikmE: xwing.eseed, skRm: xwing.seed, pkRm: xwing.pk, enc: hexOf(sealed.enc),
      encryptions: [{ aad: '', ct: hexOf(sealed.ciphertext), pt: hexOf(bytesOf('pt')) }],
    };
    const blake = { input_len: 300, keyed_hash: hexOf(keyedBlake3Xof(bytesOf('whats the Elvish word for friend'), Uint8Array.from({ length: 300 }, (_, i) => i % 251), 131)) };
    const multihash = hexOf(cidOf(RAW, bytesOf('text')).multihash.bytes);
    const folder = await folderWith({
      'w.json': [xwing, { ...xwing, ss: flipHex(xwing.ss) }],
      'x.json': [hpke, { ...hpke, kem_id: 0x20 }, { ...hpke, enc: flipHex(hpke.enc) }],
      'y.json': { key: 'whats the Elvish word for friend', context_string: '', cases: [blake, { ...blake, keyed_hash: flipHex(blake.keyed_hash) }] },
      'z.csv': `algorithm,bits,input,multihash\nsha2-256,256,text,${multihash}\nsha1,160,text,1114${'00'.repeat(20)}\nsha2-256,256,other,${multihash}\nsha1,160,text,${multihash}\n`,
    });
    expect(await runVectors(folder, [native])).toEqual([
      { file: 'w.json', provider: 'native', passed: 1, failed: 1, notApplicable: 0 },
      { file: 'x.json', provider: 'native', passed: 1, failed: 1, notApplicable: 1 },
      { file: 'y.json', provider: 'any', passed: 1, failed: 1, notApplicable: 0 },
      { file: 'z.csv', provider: 'any', passed: 2, failed: 2, notApplicable: 0 },
    ]);
  });

  test('a folder with nothing for us is a failure, not a success', async () => {
    const notApplicable = wycheproof('RSA', { type: 'RsaesPkcs1Decrypt' }, [{ tcId: 1, result: 'valid' }]);
    for (const files of [{}, { 'a.txt': 'text', 'b.json': '{', 'c.json': '[]', 'd.csv': 'a,b', 'e.json': 'null', 'f.json': { testGroups: [null] } }, { 'g.json': notApplicable }, { 'h.json': wycheproof('AES-GCM', gcmGroup, []) }]) {
      await expect(selfTest({ provider: 'native', vectors: await folderWith(files) })).rejects.toMatchObject({ code: 'E_NO_VECTORS' });
    }
    await expect(runVectors(join(await freshFolder(), 'missing'), providers)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });

  test('links, hidden folders and dependencies are passed over', async () => {
    const vectors = wycheproof('AES-GCM', gcmGroup, [gcmTest(EMPTY, 'valid')]);
    const folder = await folderWith({ '.git/a.json': vectors, 'node_modules/b.json': vectors, 'c.json': vectors });
    await symlink(folder, join(folder, 'loop'));
    expect((await runVectors(folder, [native])).map(({ file }) => file)).toEqual(['c.json']);
  });
});
