/** A backup of a home and a store that have one of everything, the rows in it, and a way to write a backup of any records. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, RAW, sha256 } from '../../../src/core/base/cid.ts';
import { encode } from '../../../src/core/base/codec.ts';
import { systemRng } from '../../../src/core/base/rng.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import type { BackupPart, BackupRecord } from '../../../src/core/backup/format.ts';
import { createBackup } from '../../../src/core/backup/index.ts';
import { readBackup } from '../../../src/core/backup/reader.ts';
import { decodeRow, type HomeRow } from '../../../src/core/backup/rows.ts';
import { BackupWriter } from '../../../src/core/backup/writer.ts';
import { createHome } from '../../../src/core/home/index.ts';
import { Ring } from '../../../src/core/keys/index.ts';
import { Announcer } from '../../../src/core/mail/announce.ts';
import { createStore, openStore } from '../../../src/core/storage/store.ts';
import { cheapKdf, clockAt, secretOf } from '../../support/home.ts';
import { bundleOf, operatorOf, type Operator } from '../../support/people.ts';
import { native } from '../message/support.ts';

const NOW = Date.parse('2026-11-23T10:00:00Z');
const clock = clockAt(NOW);

async function someone(path: string, name: string): Promise<Operator> {
  const home = await createHome(path, { clock, rng: systemRng });
  const me = await operatorOf(home, await Ring.create(home, secretOf('pass'), { crypto: native, kdf: cheapKdf }));
  await me.identities.create(name, { algorithms: ['ed25519'] });
  return me;
}

/** A home that knows somebody who was revoked, sent a message that was opened, and opened one itself. */
async function fullHome(folder: string): Promise<Operator> {
  const me = await someone(join(folder, 'home'), 'ada');
  const friend = await someone(join(folder, 'friend'), 'ben');
  const stranger = cidOf(DAG_CBOR, Uint8Array.of(1));
  me.contacts.add([{ introduction: await bundleOf(friend, 'ben') }]);
  me.contacts.verify('ben', friend.identities.show('ben').fingerprint, 'words');
  await friend.identities.revoke('ben', 'lost');
  me.contacts.update('ben', await bundleOf(friend, 'ben'));
  friend.home.close();
  const { people, outbox, messages } = me.home;
  const ben = me.contacts.record('ben');
  people.contacts.update({ ...ben, before: [stranger] }, 'name = ?', 'ben');
  await bundleOf(me, 'ada');
  const ada = people.identityNamed('ada')!.id;
  outbox.restore({
    ...{ number: 0, id: 'nightly/7', identity: ada, store: 'ab'.repeat(16), cid: stranger, createdAtMs: NOW, settledAtMs: NOW + 1, name: 'plan.pdf', bytes: 9, expiresAtMs: NOW + 9 },
    ...{ durability: { asked: 'cold', true: 'hot' }, receipt: 'opened', manifest: Uint8Array.of(1, 2, 3) },
    recipients: [{
      ...{ name: 'ben', identity: ben.id, inbox: sha256(Uint8Array.of(1)), state: 'opened', times: { unknown: NOW, announced: NOW + 1, opened: NOW + 5 }, packet: new Uint8Array(192), code: 'E_BUSY' },
      evidence: [{ state: 'opened', cid: stranger, atMs: NOW + 5, key: new Uint8Array(32) }],
    }],
  });
  messages.put({ cid: stranger, identity: ada, sender: { id: ben.id, seq: 1 }, openedAtMs: NOW, bytes: 9, sealedKey: new Uint8Array(60), receipts: ['received', 'opened'] });
  return me;
}

async function fullStore(path: string) {
  await createStore(path);
  const store = await openStore(path, { clock });
  const [manifest, gone, content] = [encode({ message: 1 }), encode({ message: 2 }), new Uint8Array(300).fill(3)];
  const cid = cidOf(DAG_CBOR, manifest);
  const removed = cidOf(DAG_CBOR, gone);
  await store.hot.put([{ cid, bytes: manifest }, { cid: cidOf(RAW, content), bytes: content }]);
  const inboxes = [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))];
  const announcer = new Announcer({ headerKey: new Secret(systemRng.bytes(32)), salt: systemRng.bytes(24), stanzaOf: [0, 1] }, inboxes, { expiresMs: NOW + 9, priority: false, qos: 1 });
  await store.hot.commit({ message: { cid, bytes: 310, blocks: 2, expiresAtMs: NOW + 9, tiers: ['hot'] }, announcements: announcer.announce('single', cid) });
  await store.hot.inbox.acknowledge(inboxes[1]!, cid, NOW + 7);
  for (const one of [cid, removed]) await store.journal.append([{ cid: one, durability: 'hot', atMs: NOW, inboxes, bytes: 310, expiresAtMs: NOW + 9 }]);
  await store.journal.release([{ cid: removed, atMs: NOW + 1, reason: 'removed' }]);
  return store;
}

async function inFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'omniplex-backup-'));
  try {
    return await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const specimens = (): Promise<{ rows: readonly HomeRow[]; storeRecords: readonly BackupRecord[]; backup: Bytes }> =>
  inFolder(async (folder) => {
    const me = await fullHome(folder);
    const store = await fullStore(join(folder, 'store'));
    const path = join(folder, 'x.opb');
    await createBackup({ crypto: native, passphrase: secretOf('pass'), path, keys: { home: me.home, ring: await me.ring() }, store, clock, kdf: cheapKdf });
    me.home.close();
    await store.close();
    const backup = new Uint8Array(await readFile(path));
    const records = await readWhole(backup);
    const rows = new Map<string, HomeRow>();
    for (const { type, payload } of records) {
      if (type !== 'home') continue;
      const row = decodeRow(payload);
      const known = rows.get(row.kind);
      if (known === undefined || Object.keys(row.row).length > Object.keys(known.row).length) rows.set(row.kind, row);
    }
    return { rows: [...rows.values()], storeRecords: records.filter(({ type }) => type !== 'home' && type !== 'secrets'), backup };
  });

/** The records of a backup; those of secrets as copies, since a reader wipes them. */
export const readWhole = (backup: Bytes): Promise<readonly BackupRecord[]> =>
  inFolder(async (folder) => {
    const path = join(folder, 'x.opb');
    await writeFile(path, backup);
    const records: BackupRecord[] = [];
    for await (const { type, payload } of readBackup(path, native, secretOf('pass'))) records.push({ type, payload: Uint8Array.from(payload) });
    return records;
  });

/** A backup of just these records. */
export async function writeWhole(path: string, records: readonly BackupRecord[], what: readonly BackupPart[]): Promise<void> {
  const writer = await BackupWriter.create(path, native, secretOf('pass'), { createdAtMs: NOW, what, kdf: { ...cheapKdf, salt: systemRng.bytes(32) } });
  for (const { type, payload } of records) await writer.add({ type, payload: Uint8Array.from(payload) });
  await writer.commit();
}
