/**
 * Known answers that are always at hand: one or more for every primitive, run on every provider.
 * Published answers where they are short enough to carry; of long ones the SHA-256. Where no publication gives a short one
 * (marked "agreed"), the value is what OpenSSL and noble both compute.
 */
import { crc32 } from 'node:zlib';
import { bytesOf, bytesOfHex as hex, concat, type Bytes } from '../../base/bytes.ts';
import { sha256 } from '../../base/cid.ts';
import { KeyedBlake3, keyedBlake3 } from '../blake3.ts';
import { openAll, sealAll } from '../cobblestone.ts';
import { hpkeOpen, hpkeSeal } from '../hpke.ts';
import type { CryptoProvider, KemName, SignatureName } from '../provider.ts';
import { is, refuses, type Case, type Verdict } from './case.ts';

const zeros = (length: number): Bytes => new Uint8Array(length);
const counting = (length: number, from = 0): Bytes => Uint8Array.from({ length }, (_, i) => from + i);
const digestIs = (bytes: Bytes, digest: string): boolean => is(sha256(bytes), digest);
const flipped = (bytes: Bytes): Bytes => Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte ^ 1 : byte));
const oneCase = (id: string, run: (provider: CryptoProvider) => Verdict | Promise<Verdict>): Case => ({ id, run });

/** Encapsulates, decapsulates, and wants another secret from a damaged ciphertext. */
function roundTrip(provider: CryptoProvider, name: KemName): boolean {
  const kem = provider.kem(name);
  const key = kem.fromSeed(counting(kem.seedBytes));
  const { ciphertext, secret } = kem.encapsulate(key.publicKey);
  return Buffer.compare(kem.decapsulate(key, ciphertext), secret) === 0 && Buffer.compare(kem.decapsulate(key, flipped(ciphertext)), secret) !== 0;
}

/** FIPS 203. Seed 00 01 .. 3f; the secret is that of an all-zero ciphertext (implicit rejection). Agreed. */
const mlKem = (name: KemName, ciphertextBytes: number, publicKeyDigest: string, rejected: string): Case =>
  oneCase(name, (provider) => {
    const key = provider.kem(name).fromSeed(counting(64));
    return digestIs(key.publicKey, publicKeyDigest) && is(provider.kem(name).decapsulate(key, zeros(ciphertextBytes)), rejected) && roundTrip(provider, name);
  });

/** FIPS 204 and 205. Seed 00 01 ..; agreed public key; signatures are randomised, so that signing is a round trip. */
const signing = (name: SignatureName, publicKeyDigest: string): Case =>
  oneCase(name, (provider) => {
    const scheme = provider.signature(name);
    const key = scheme.fromSeed(counting(scheme.seedBytes));
    const [message, context] = [bytesOf('message'), bytesOf('context')];
    const signature = scheme.sign(key, message, context);
    return (
      digestIs(key.publicKey, publicKeyDigest) &&
      scheme.verify(key.publicKey, message, signature, context) &&
      !scheme.verify(key.publicKey, message, flipped(signature), context) &&
      !scheme.verify(key.publicKey, message, signature) &&
      !scheme.verify(key.publicKey, context, signature, context)
    );
  });

const symmetric: readonly Case[] = [
  oneCase('sha-256', () => is(sha256(bytesOf('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')), // FIPS 180-4
  oneCase('crc32', () => crc32(bytesOf('123456789')) === 0xcbf43926), // the check value of CRC-32/ISO-HDLC
  oneCase('aes-256-gcm', ({ aesGcm }) => {
    // McGrew and Viega, test case 14
    const sealed = aesGcm.seal(zeros(32), zeros(12), zeros(16));
    return (
      is(sealed, 'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919') &&
      is(aesGcm.open(zeros(32), zeros(12), sealed), '00'.repeat(16)) &&
      aesGcm.open(zeros(32), zeros(12), flipped(sealed)) === undefined &&
      aesGcm.open(zeros(32), zeros(12), sealed.subarray(0, 28)) === undefined
    );
  }),
  oneCase('chacha20-poly1305', ({ chaCha20Poly1305 }) => {
    // RFC 8439, 2.8.2
    const plaintext = bytesOf("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.");
    const [key, nonce, aad] = [counting(32, 0x80), hex('070000004041424344454647'), hex('50515253c0c1c2c3c4c5c6c7')];
    const sealed = chaCha20Poly1305.seal(key, nonce, plaintext, aad);
    return (
      is(sealed.subarray(0, 16), 'd31a8d34648e60db7b86afbc53ef7ec2') &&
      is(sealed.subarray(-16), '1ae10b594f09e26a7e902ecbd0600691') &&
      chaCha20Poly1305.open(key, nonce, sealed, aad) !== undefined &&
      chaCha20Poly1305.open(key, nonce, flipped(sealed), aad) === undefined
    );
  }),
  // RFC 4231, 4.3
  oneCase('hmac-sha-256', ({ hmacSha256 }) =>
    is(hmacSha256(bytesOf('Jefe'), bytesOf('what do ya want '), bytesOf('for nothing?')), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'),
  ),
  // RFC 5869, A.1
  oneCase('hkdf-sha-256', ({ hkdfSha256 }) =>
    is(hkdfSha256(hex('0b'.repeat(22)), counting(13), counting(10, 0xf0), 42), '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865'),
  ),
  // Wycheproof hkdf_sha512, case 1
  oneCase('hkdf-sha-512', ({ hkdfSha512 }) => is(hkdfSha512(hex('24aeff2645e3e0f5494a9a102778c43a'), zeros(0), zeros(0), 20), 'dd2599840b09699c6200b5cba79002b3aa75c61b')),
  // the reference implementation's own test: argon2id, version 0x13
  oneCase('argon2id', async ({ argon2id }) =>
    is(await argon2id(bytesOf('password'), bytesOf('somesalt'), { memoryKib: 256, passes: 2, lanes: 1 }, 32), '9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe'),
  ),
  oneCase('blake3', async () => {
    // test_vectors.json of BLAKE3, input_len 0, keyed_hash
    const [key, answer] = [bytesOf('whats the Elvish word for friend'), '92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26'];
    return is(keyedBlake3(key, zeros(0)), answer) && is((await KeyedBlake3.create(key)).hash(zeros(0)), answer);
  }),
  oneCase('cobblestone-256', (provider) => {
    // Wycheproof c2sp_chunked_encryption_aes_256_gcm, case 1: the empty message
    const [key, salt] = [hex('59454c4c4f57205355424d4152494e452059454c4c4f57205355424d4152494e'), hex('43a2e39431cbae0389d3fc86adf46f7c3a24de88d9311617')];
    const answer = '43a2e39431cbae0389d3fc86adf46f7c3a24de88d9311617e53f3164cc1d5dc738a66b97f0bf786565c31799c2f463d50a7e10046011dc6fc3c939e3a5db7affb6191551669554fb';
    const file = sealAll(provider, key, zeros(0), zeros(0), salt);
    return is(file, answer) && openAll(provider, key, zeros(0), file).length === 0 && refuses(() => openAll(provider, key, zeros(0), file.subarray(0, -1)));
  }),
];

const XWING_SEED = hex('7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26');

const asymmetric: readonly Case[] = [
  oneCase('x25519', ({ x25519 }) => {
    // RFC 7748, 5.2 (the iterated test, once) and a point of low order
    const nine = Uint8Array.of(9, ...zeros(31));
    return (
      is(x25519.sharedSecret(nine, nine), '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079') &&
      is(x25519.publicKey(nine), '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079') &&
      refuses(() => x25519.sharedSecret(nine, zeros(32)))
    );
  }),
  oneCase('ed25519', (provider) => {
    // RFC 8032, 7.1, test 2
    const scheme = provider.signature('ed25519');
    const key = scheme.fromSeed(hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'));
    const signature = scheme.sign(key, hex('72'));
    return (
      is(key.publicKey, '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c') &&
      is(signature, '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00') &&
      scheme.verify(key.publicKey, hex('72'), signature) &&
      !scheme.verify(key.publicKey, hex('73'), signature) &&
      !scheme.verify(Uint8Array.of(1, ...zeros(31)), hex('72'), signature)
    );
  }),
  mlKem('ml-kem-512', 768, '3ae268dccc5456ac0d0f9b39257dc48fe081383b97c400512d712b739762daee', 'fc3ccf20a37dd91d9f511da5e6cb92039b1414db5b0880741178ccfb143212ff'),
  mlKem('ml-kem-768', 1088, '0b7934c83125c788995e2ba6bd761e33046b3e40571be53e023309a29f398cc9', 'c8fbeddafdacef2ffeb8b354ea644f11b5c150f3e2c4a74ce38abba8f854ae16'),
  mlKem('ml-kem-1024', 1568, 'c7b8fa0aa471d5ae18922d6ccad5b31e1d84f92ae723abfd13747018740a8530', '294cb5b6b0f37a047745a2a69991f66ac85936e1b077e717eaeb26bb0ba42c68'),
  signing('ml-dsa-44', '9f107644c1084526af3bc8098680b05499a2325a644e388fb4f970e058d19d46'),
  signing('ml-dsa-65', 'd666806e11cee19a7c989f7445f90dd419cf4d2d51db8c0fdb4c0f0a542238c9'),
  signing('ml-dsa-87', '91dc389cfaa01470b7f66eee45a4ae9026d154817c754dfe22298b3fa241ffcd'),
  signing('slh-dsa-sha2-128f', 'f577b74987c6313ffa546b8885ca8450c7f427c20f0d9b52d166264016b8beba'),
  oneCase('x-wing', (provider) => {
    // draft-connolly-cfrg-xwing-kem, first vector: the public key; decapsulation of a fixed ciphertext is agreed
    const kem = provider.kem('x-wing');
    const key = kem.fromSeed(XWING_SEED);
    const fixed = concat(zeros(1088), Uint8Array.of(9), zeros(31));
    return (
      digestIs(key.publicKey, '2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb') &&
      is(kem.decapsulate(key, fixed), '3d4b46f667e75a27f76b3989c09b6a853f7be15a1c098c32043cec060bbdb672') &&
      roundTrip(provider, 'x-wing')
    );
  }),
  oneCase('x-wing, encapsulation from given randomness', (provider) => {
    if (provider.name === 'native') return 'notApplicable';
    // the same vector
    const kem = provider.kem('x-wing');
    const randomness = hex('3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2');
    const { ciphertext, secret } = kem.encapsulate(kem.fromSeed(XWING_SEED).publicKey, randomness);
    return (
      digestIs(ciphertext, '17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33') &&
      is(secret, 'd2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384')
    );
  }),
  oneCase('hpke', (provider) => {
    const key = provider.kem('x-wing').fromSeed(zeros(32));
    const { enc, ciphertext } = hpkeSeal(provider, key.publicKey, bytesOf('info'), bytesOf('plaintext'), bytesOf('aad'));
    const open = (info: string, sealed: Bytes) => hpkeOpen(provider, key, enc, bytesOf(info), sealed, bytesOf('aad'));
    return is(open('info', ciphertext), Buffer.from('plaintext').toString('hex')) && open('other', ciphertext) === undefined && open('info', flipped(ciphertext)) === undefined;
  }),
];

export const builtinCases: readonly Case[] = [...symmetric, ...asymmetric];
