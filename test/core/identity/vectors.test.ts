/** The golden vectors: made again they are the same, both providers agree with them, and what they refuse is refused. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf, bytesOfHex, hexOf } from '../../../src/core/base/bytes.ts';
import { piecesOf } from '../../../src/core/base/car.ts';
import { cidOf, DAG_CBOR, RAW, sha256 } from '../../../src/core/base/cid.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { verifyBackup } from '../../../src/core/backup/index.ts';
import { readBackup } from '../../../src/core/backup/reader.ts';
import type { CryptoProvider, SignatureName } from '../../../src/core/crypto/index.ts';
import { checkFollows, decodeBundle, keyIdOf, verifyBundle } from '../../../src/core/identity/bundle.ts';
import { decodeGenesis, decodeRevocation, encodeBundleFile, fingerprintOf, parseFingerprint, readIntroductions } from '../../../src/core/identity/index.ts';
import { verifyRevocation } from '../../../src/core/identity/revocation.ts';
import { decodeKeyring, openBody, unwrapRingKey } from '../../../src/core/keys/keyring-file.ts';
import { providers } from '../crypto/support.ts';
import { fileText, vectorFiles } from './vectors.ts';

interface BundleVector {
  readonly seq: number;
  readonly from: number;
  readonly inboxes: readonly string[];
  readonly prekeys: ReadonlyArray<{ readonly keyId: string; readonly until: number }>;
  readonly cid: string;
  readonly block: string;
}
interface IdentityVector {
  readonly name: string;
  readonly seeds: Readonly<Record<string, string>>;
  readonly algorithms: readonly SignatureName[];
  readonly id: string;
  readonly fingerprint: string;
  readonly genesis: string;
  readonly bundles: readonly BundleVector[];
  readonly revocation?: { readonly reason: string; readonly block: string };
  readonly fileSha256: string;
}
interface Refused {
  readonly comment: string;
  readonly code: string;
  readonly file: string;
}

const FOLDER = join(import.meta.dirname, '..', '..', 'vectors', 'identity');
const load = <T>(name: string): T => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as T;
const { identities } = load<{ identities: readonly IdentityVector[] }>('identities.json');
const { files, chains } = load<{ files: readonly Refused[]; chains: ReadonlyArray<{ name: string; known: string; next: string; code: string | null }> }>('refused.json');
type Sealed = { readonly passphrase: string; readonly file: string; readonly refused: readonly Refused[] };
const keyring = load<Sealed & { readonly ringKey: string; readonly generation: number; readonly secrets: Record<string, string> }>('keyring.json');
const backup = load<Sealed & { readonly records: ReadonlyArray<{ readonly type: string; readonly payload: string }> }>('backup.json');
const refused = (code: string) => expect.objectContaining({ code });
const passphrase = (text: string) => new Secret(bytesOf(text));

it('the files are what is derived from the seeds', async () => {
  for (const [name, content] of Object.entries(await vectorFiles())) expect(fileText(content)).toBe(readFileSync(join(FOLDER, name), 'utf8'));
});

describe.each(providers)('identities under $name', (crypto: CryptoProvider) => {
  it.each(identities)('$name', async (vector) => {
    const genesis = decodeGenesis(bytesOfHex(vector.genesis));
    expect(genesis.id.toString()).toBe(vector.id);
    expect(cidOf(DAG_CBOR, genesis.block).toString()).toBe(vector.id);
    expect(fingerprintOf(genesis.id)).toEqual(parseFingerprint(vector.fingerprint));
    expect(Object.keys(genesis.keys).sort()).toEqual(vector.algorithms);
    for (const name of vector.algorithms) expect(crypto.signature(name).fromSeed(bytesOfHex(vector.seeds[`root/${name}`] as string)).publicKey).toEqual(genesis.keys[name]);

    const bundles = vector.bundles.map(({ block }) => decodeBundle(bytesOfHex(block)));
    bundles.forEach((bundle, i) => {
      const expected = vector.bundles[i] as BundleVector;
      verifyBundle(crypto, genesis, bundle);
      expect(bundle).toMatchObject({ seq: expected.seq, name: vector.name, signing: { from: expected.from } });
      expect(bundle.cid.toString()).toBe(expected.cid);
      expect(bundle.inboxes.map(({ block }) => cidOf(RAW, block).toString())).toEqual(expected.inboxes);
      expect(bundle.prekeys.map(({ key, untilMs }) => ({ keyId: hexOf(keyIdOf(key)), until: untilMs }))).toEqual(expected.prekeys);
      for (const { keyId } of expected.prekeys) {
        const seed = bytesOfHex(vector.seeds[`prekey/${keyId}`] as string);
        expect(hexOf(keyIdOf(crypto.kem('x-wing').fromSeed(seed).publicKey))).toBe(keyId);
      }
    });
    bundles.slice(1).forEach((bundle, i) => checkFollows(bundles[i]!, bundle, vector.name));
    const revocation = vector.revocation && decodeRevocation(bytesOfHex(vector.revocation.block));
    if (revocation !== undefined) verifyRevocation(crypto, genesis, revocation);
    const file = encodeBundleFile({ genesis, bundles, newest: bundles.at(-1)!, revocation });
    expect(hexOf(sha256(file))).toBe(vector.fileSha256);
    expect(await readIntroductions(crypto, piecesOf(file), vector.name)).toHaveLength(1);
  });

  it.each(files)('refuses: $comment', async ({ file, code }) => {
    await expect(readIntroductions(crypto, piecesOf(bytesOfHex(file)), 'vector')).rejects.toEqual(refused(code));
  });

  it('opens the key ring, and refuses the others', async () => {
    const read = async (hex: string) => {
      const file = decodeKeyring('ring', bytesOfHex(hex));
      const ringKey = await unwrapRingKey(crypto, 'ring', file, passphrase(keyring.passphrase));
      return { ringKey: hexOf(ringKey), ...openBody(crypto, 'ring', ringKey, file) };
    };
    const { ringKey, generation, secrets } = await read(keyring.file);
    expect({ ringKey, generation, secrets: Object.fromEntries([...secrets].map(([name, value]) => [name, hexOf(value)])) }).toEqual({
      ringKey: keyring.ringKey, generation: keyring.generation, secrets: keyring.secrets,
    });
    for (const { file, code, comment } of keyring.refused) await expect(read(file), comment).rejects.toEqual(refused(code));
    const whole = decodeKeyring('ring', bytesOfHex(keyring.file));
    await expect(unwrapRingKey(crypto, 'ring', whole, passphrase('another'))).rejects.toEqual(refused('E_PASSPHRASE'));
  });

  it('reads the backup, and refuses the others', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'omniplex-vectors-'));
    const read = async (hex: string, typed: string) => {
      const path = join(folder, 'x.opb');
      await writeFile(path, bytesOfHex(hex));
      const records = [];
      for await (const { type, payload } of readBackup(path, crypto, passphrase(typed))) records.push({ type, payload: hexOf(payload) });
      return records;
    };
    try {
      expect(await read(backup.file, backup.passphrase)).toEqual(backup.records);
      await expect(read(backup.file, 'another')).rejects.toEqual(refused('E_PASSPHRASE'));
      for (const { file, code, comment } of backup.refused) {
        await writeFile(join(folder, 'x.opb'), bytesOfHex(file));
        await expect(verifyBackup(join(folder, 'x.opb'), crypto, passphrase(backup.passphrase)), comment).rejects.toEqual(refused(code));
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

it.each(chains)('what follows: $name', ({ known, next, code }) => {
  const cleo = identities.find(({ name }) => name === 'cleo')!;
  const [before, after] = [decodeBundle(bytesOfHex(known)), decodeBundle(bytesOfHex(next))];
  for (const bundle of [before, after]) verifyBundle(providers[0]!, decodeGenesis(bytesOfHex(cleo.genesis)), bundle);
  const follow = () => checkFollows(before, after, 'cleo');
  if (code === null) expect(follow).not.toThrow();
  else expect(follow).toThrow(refused(code));
});
