/** The golden key ring and the golden backup: made from the seeds of an identity, and the same files wrong in one way each. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOf, concat, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { sha256 } from '../../../src/core/base/cid.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { contextOf, encodeHead, encodeHeader, encodeRecord, type BackupRecord } from '../../../src/core/backup/format.ts';
import { encodeRow } from '../../../src/core/backup/rows.ts';
import { BackupWriter } from '../../../src/core/backup/writer.ts';
import { sealAll, type CryptoProvider } from '../../../src/core/crypto/index.ts';
import { encodeKeyring, passphraseKey, sealBody, wrapRingKey } from '../../../src/core/keys/keyring-file.ts';
import { bitOf, NOW, type Fields, type Json } from './vectors-support.ts';
import type { Made } from './vectors.ts';

const KDF = { memoryKib: 64, passes: 1, lanes: 1 } as const;
const PASSPHRASE = 'correct horse battery staple';

export async function keyring(crypto: CryptoProvider, made: Made): Promise<Json> {
  const { header, ringKey } = await wrapRingKey(crypto, new Secret(bytesOf(PASSPHRASE)), KDF);
  const file = encodeKeyring(sealBody(crypto, ringKey, header, { generation: 3, secrets: made.draft.secrets }));
  const map = decode('key ring', file.subarray(0, -32)) as Record<string, Fields>;
  const again = (edit: (fields: Record<string, Fields>) => void) => {
    const fields = { ...map };
    edit(fields);
    const bytes = encode(fields as Value);
    return concat(bytes, sha256(bytes));
  };
  const damaged: ReadonlyArray<readonly [string, string, Bytes]> = [
    ['one bit', 'E_KEYRING', bitOf(file)],
    ['one byte short', 'E_KEYRING', file.slice(0, -1)],
    ['a hundred passes, with a checksum that fits', 'E_KEYRING', again((fields) => (fields['kdf'] = { ...(fields['kdf'] as Fields), passes: 100 }))],
    ['another wrapped key, with a checksum that fits', 'E_PASSPHRASE', again((fields) => (fields['wrap'] = { ...(fields['wrap'] as Fields), sealed: bitOf((fields['wrap'] as Fields)['sealed'] as Bytes) }))],
    ['another body, with a checksum that fits', 'E_KEYRING', again((fields) => (fields['body'] = { ...(fields['body'] as Fields), sealed: bitOf((fields['body'] as Fields)['sealed'] as Bytes) }))],
    ['a greater v, with a checksum that fits', 'E_VERSION_NEWER', again((fields) => (fields['v'] = 2 as never))],
    ['a field more, with a checksum that fits', 'E_KEYRING', again((fields) => (fields['more'] = 0 as never))],
    ['another salt, with a checksum that fits', 'E_PASSPHRASE', again((fields) => (fields['kdf'] = { ...(fields['kdf'] as Fields), salt: new Uint8Array(32) }))],
    ['no lane, with a checksum that fits', 'E_KEYRING', again((fields) => (fields['kdf'] = { ...(fields['kdf'] as Fields), lanes: 0 }))],
  ];
  return {
    about: 'A key ring file, and files that must be refused. The seeds in it are those of the identity "bot" in identities.json.',
    passphrase: PASSPHRASE,
    generation: 3,
    ringKey: hexOf(ringKey),
    secrets: Object.fromEntries([...made.draft.secrets].map(([name, value]) => [name, hexOf(value)])),
    file: hexOf(file),
    refused: damaged.map(([comment, code, bytes]) => ({ comment, code, file: hexOf(bytes) })),
  };
}

interface Written {
  readonly header: Parameters<typeof encodeHeader>[0];
  readonly file: Bytes;
}

/** A backup of these records, its last chunk made by hand where the end shall be wrong. */
async function written(crypto: CryptoProvider, records: readonly BackupRecord[], end?: Bytes): Promise<Written> {
  const folder = await mkdtemp(join(tmpdir(), 'omniplex-vectors-'));
  try {
    const path = join(folder, 'x.opb');
    const header = { createdAtMs: NOW, what: ['keys'] as const, kdf: { ...KDF, salt: crypto.rng.bytes(32) } };
    if (end !== undefined) {
      const key = await passphraseKey(crypto, new Secret(bytesOf(PASSPHRASE)), header.kdf, 'backup');
      const sealed = sealAll(crypto, key, contextOf(encodeHeader(header)), concat(...records.map(encodeRecord), end), crypto.rng.bytes(24));
      return { header, file: concat(encodeHead(encodeHeader(header), sealed.slice(0, 24), sealed.slice(24, 56)), sealed.subarray(56)) };
    }
    const writer = await BackupWriter.create(path, crypto, new Secret(bytesOf(PASSPHRASE)), header);
    for (const { type, payload } of records) await writer.add({ type, payload: payload.slice() });
    await writer.commit();
    return { header, file: new Uint8Array(await readFile(path)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The file with another header, its checksum made to fit. */
function withHeader(file: Bytes, edit: (fields: Fields) => void): Bytes {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(16);
  const header = { ...(decode('header', file.slice(20, 20 + length)) as Fields) };
  edit(header);
  const head = encodeHead(encode(header), file.slice(20 + length, 44 + length), file.slice(44 + length, 76 + length));
  return concat(head, file.subarray(108 + length));
}

export async function backup(crypto: CryptoProvider, { draft }: Made): Promise<Json> {
  const records: readonly BackupRecord[] = [
    { type: 'secrets', payload: encode(Object.fromEntries(draft.secrets)) },
    { type: 'home', payload: encodeRow('origin', { generation: 7, witnessKey: new Uint8Array(32).fill(7) }) },
  ];
  const { header, file } = await written(crypto, records);
  const [secrets] = records as [BackupRecord];
  const whole = (payload: Value): BackupRecord => ({ type: 'home', payload: encode(payload) });
  const wrong = async (comment: string, code: string, made: readonly BackupRecord[], end?: Bytes): Promise<Json> => ({ comment, code, file: hexOf((await written(crypto, made, end)).file) });
  const origin = { v: 1, kind: 'origin', generation: 7, witnessKey: new Uint8Array(32) };
  return {
    about: 'A backup whose records are listed; it holds no whole home, so it verifies and does not restore.',
    passphrase: PASSPHRASE,
    created: NOW,
    context: hexOf(contextOf(encodeHeader(header))),
    records: records.map(({ type, payload }) => ({ type, payload: hexOf(payload) })),
    file: hexOf(file),
    refused: [
      { comment: 'one bit of the head', code: 'E_FORMAT', file: hexOf(bitOf(file, 30)) },
      { comment: 'one bit of a chunk', code: 'E_CIPHERTEXT', file: hexOf(bitOf(file, -20)) },
      { comment: 'one byte short', code: 'E_CIPHERTEXT', file: hexOf(file.slice(0, -1)) },
      { comment: 'one byte more', code: 'E_CIPHERTEXT', file: hexOf(concat(file, new Uint8Array(1))) },
      { comment: 'another date, with a checksum that fits', code: 'E_PASSPHRASE', file: hexOf(withHeader(file, (fields) => (fields['created'] = 1))) },
      { comment: 'a greater v, with a checksum that fits', code: 'E_VERSION_NEWER', file: hexOf(withHeader(file, (fields) => (fields['v'] = 2))) },
      { comment: 'an unknown part, with a checksum that fits', code: 'E_FORMAT', file: hexOf(withHeader(file, (fields) => (fields['what'] = ['keys', 'mail']))) },
      await wrong('no end', 'E_FORMAT', records, new Uint8Array(0)),
      await wrong('an end that counts one too many', 'E_FORMAT', records, encodeRecord({ type: 'end', payload: encode(3) })),
      await wrong('a byte behind the end', 'E_FORMAT', records, concat(encodeRecord({ type: 'end', payload: encode(2) }), new Uint8Array(1))),
      await wrong('a record of type 7', 'E_FORMAT', records, Uint8Array.of(7, 0, 0, 0, 0)),
      await wrong('secrets twice', 'E_FORMAT', [secrets, ...records]),
      await wrong('a record of a store, which the header does not list', 'E_FORMAT', [...records, { type: 'journal', payload: encode({}) }]),
      await wrong('a row of a later version', 'E_VERSION_NEWER', [secrets, whole({ ...origin, v: 2 })]),
      await wrong('a row of an unknown kind', 'E_FORMAT', [...records, whole({ v: 1, kind: 'note' })]),
      await wrong('a row with a field more', 'E_FORMAT', [secrets, whole({ ...origin, more: 0 })]),
      await wrong('a row without a field', 'E_FORMAT', [secrets, whole({ v: 1, kind: 'origin', generation: 7 })]),
      await wrong('a short witness key', 'E_FORMAT', [secrets, whole({ ...origin, witnessKey: new Uint8Array(31) })]),
    ],
  };
}
