/** One of each thing that can be inspected, made by the product itself. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBackup } from '../../../src/core/backup/index.ts';
import type { Block } from '../../../src/core/base/block.ts';
import { bytesOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { piecesOf, readCar } from '../../../src/core/base/car.ts';
import { cidOf, RAW, type Cid } from '../../../src/core/base/cid.ts';
import { systemClock } from '../../../src/core/base/clock.ts';
import { encodeBlock } from '../../../src/core/base/codec.ts';
import { sealAll } from '../../../src/core/crypto/index.ts';
import { certify, signBundle } from '../../../src/core/identity/bundle.ts';
import { makeGenesis } from '../../../src/core/identity/genesis.ts';
import { makeRevocation } from '../../../src/core/identity/revocation.ts';
import { inspectCid, inspectFile, inspectPieces, type InspectAnswer } from '../../../src/core/inspect/index.ts';
import { LinkTree } from '../../../src/core/message/nodes.ts';
import { cheapKdf, secretOf, testCrypto } from '../../support/home.ts';
import type { Operator } from '../../support/mail.ts';
import { couple, noise, post, read, type Couple } from '../../support/post.ts';
import { packetOf, told } from '../../support/reader.ts';

const options = { crypto: testCrypto };

export const inspectBytes = (bytes: Bytes): Promise<InspectAnswer> => inspectPieces(inPieces(bytes), 'a file', options);
export const inspectPath = (path: string): Promise<InspectAnswer> => inspectFile(path, options);
export const inspectIn = async ({ app }: Operator, cid: Cid): Promise<InspectAnswer> => inspectCid(await app.store(), cid, options);

/** Pieces that are written over once the next is asked for, as a file's are. */
async function* inPieces(bytes: Bytes, size = 100_000): AsyncGenerator<Bytes> {
  const buffer = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
    buffer.fill(0xee);
  }
}

export interface Post extends Couple {
  readonly cid: Cid;
  /** Of alice to bob, with her bundle. */
  readonly car: Bytes;
  /** Of alice, that bob opened it. */
  readonly evidence: Bytes;
  readonly file: (name: string) => string;
}

export async function posted(content: Bytes = noise(700_000)): Promise<Post> {
  const pair = await couple();
  const file = (name: string) => join(pair.world.folder, name);
  const cid = await post(pair.alice, ['bob'], content, { name: 'plan.pdf', receipt: 'opened', introduce: true, expires: '7d', out: file('to-bob.car') });
  await read(pair.bob, cid, { ack: true });
  await pair.alice.app.outbox.show(cid);
  await pair.alice.app.outbox.export(cid, { out: file('evidence.car') });
  return { ...pair, cid, file, car: await bytesAt(file('to-bob.car')), evidence: await bytesAt(file('evidence.car')) };
}

export const bytesAt = async (path: string): Promise<Bytes> => new Uint8Array(await readFile(path));

export async function blocksOf(car: Bytes): Promise<Block[]> {
  const all: Block[] = [];
  for await (const block of (await readCar(piecesOf(car), 'x')).blocks) all.push(block);
  return all;
}

export const bundleFileOf = async ({ app, name }: Operator): Promise<Bytes> => (await (await app.identities()).exportBundle(name)).bytes;

export async function packetFor(bob: Operator): Promise<Bytes> {
  const [row] = await told(bob);
  if (row === undefined) throw new Error('nobody was told');
  return packetOf(row).bytes;
}

export interface Blocks {
  readonly genesis: Bytes;
  readonly bundle: Bytes;
  readonly revocation: Bytes;
  readonly node: Bytes;
  readonly ciphertext: Bytes;
}

/** Blocks that no command writes by themselves. */
export async function blocks(): Promise<Blocks> {
  const provider = await testCrypto();
  const key = provider.signature('ed25519').fromSeed(new Uint8Array(32).fill(7));
  const genesis = makeGenesis({ ed25519: key.publicKey });
  const signing = certify(provider, { ed25519: key }, genesis.id, 1, { ed25519: key.publicKey });
  const kemKey = provider.kem('x-wing').fromSeed(new Uint8Array(32).fill(8)).publicKey;
  const bundle = signBundle(provider, { ed25519: key }, { id: genesis.id, seq: 1, issuedAtMs: 1_000, expiresAtMs: 2_000, name: 'ada', signing, kemKey, prekeys: [], inboxes: [] });
  const revocation = makeRevocation(provider, { ed25519: key }, genesis.id, 'lost', 1_500);
  const tree = new LinkTree();
  const nodes = Array.from({ length: 4_097 }, (_, i) => tree.add(cidOf(RAW, bytesOf(String(i))))).flat();
  const node = nodes[0]?.bytes ?? new Uint8Array(0);
  const ciphertext = sealAll(provider, new Uint8Array(32).fill(9), bytesOf('context'), noise(40_000));
  return { genesis: genesis.block, bundle: bundle.block, revocation: revocation.block, node, ciphertext };
}

export async function backupOf({ app, name }: Operator, path: string): Promise<Bytes> {
  const keys = { home: await app.home(), ring: await app.ring() };
  await createBackup({ crypto: await testCrypto(), passphrase: secretOf(name), path, keys, clock: systemClock, kdf: cheapKdf });
  return bytesAt(path);
}

export const inFile = async (path: string, bytes: Bytes): Promise<string> => {
  await writeFile(path, bytes);
  return path;
};

export const unknownBlock = (): Bytes => encodeBlock({ v: 1, kind: 'something', else: [1, 2] }).bytes;
