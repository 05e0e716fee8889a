/** Records of a backup: what is written is read back, whatever else stands in one is refused, and a restore of it leaves nothing. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, RAW } from '../../../src/core/base/cid.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import { isError } from '../../../src/core/base/errors.ts';
import { restoreBackup, verifyBackup } from '../../../src/core/backup/index.ts';
import { encodeRecord, recordTypes, type BackupRecord } from '../../../src/core/backup/format.ts';
import { decodeRow, encodeRow, type HomeRow } from '../../../src/core/backup/rows.ts';
import { decodeStoreRecord, encodeAnnouncements, encodeMessage } from '../../../src/core/backup/store-rows.ts';
import { encodePayload } from '../../../src/core/storage/journal-record.ts';
import { flips } from '../../support/damage.ts';
import { freshFolder } from '../../support/folder.ts';
import { cheapKdf, secretOf } from '../../support/home.ts';
import { native } from '../message/support.ts';
import { readWhole, specimens, writeWhole } from './specimens.ts';

type Fields = Record<string, Value>;
const refused = (code: string) => expect.objectContaining({ code });
const { rows, storeRecords, backup } = await specimens();

const read = ({ type, payload }: BackupRecord): unknown => (type === 'home' ? decodeRow(payload) : decodeStoreRecord({ type, payload }));
const write = (record: BackupRecord): Bytes => {
  if (record.type === 'home') {
    const { kind, row } = decodeRow(record.payload);
    return encodeRow(kind, row as never);
  }
  const decoded = decodeStoreRecord(record);
  if (decoded.type === 'message') return encodeMessage(decoded.message);
  if (decoded.type === 'journal') return encodePayload(decoded.entry);
  if (decoded.type !== 'announcements') return record.payload;
  return encodeAnnouncements(decoded.cid, decoded.announcements.map(({ announcement, acknowledgedAtMs }) => ({ ...announcement, acknowledgedAtMs, position: 0, receivedAtMs: 0 })));
};

/** A home has messages that were opened, a store has messages that are kept. */
const nameOf = ({ type, payload }: BackupRecord): string => (type === 'home' ? decodeRow(payload).kind : type === 'message' ? 'message-record' : type);

/** Everything but blocks, which are bytes. */
const maps: ReadonlyArray<readonly [string, BackupRecord]> = [
  ...rows.map(({ kind, row }: HomeRow) => [kind, { type: 'home', payload: encodeRow(kind, row as never) }] as const),
  ...storeRecords.filter(({ type }, i) => type !== 'block' && storeRecords.findIndex((other) => other.type === type) === i).map((record) => [nameOf(record), record] as const),
  ['released', storeRecords.at(-1) as BackupRecord],
];
const edited = (record: BackupRecord, edit: (fields: Fields) => void): BackupRecord => {
  const fields = { ...(decode('test', record.payload) as Fields) };
  edit(fields);
  return { ...record, payload: encode(fields) };
};

/** What a row may be without. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  contact: ['verified'],
  actor: ['revocation'],
  bundle: ['handedOut'],
  outbox: ['id', 'identity', 'store', 'cid', 'settled', 'name', 'bytes', 'receipt', 'manifest'],
  message: ['identity', 'sender', 'key'],
};

/** One value of each type: whatever a field is, all but one of them are of another. */
const OTHERS: readonly Value[] = [null, true, 7, 'seven', Uint8Array.of(7), cidOf(RAW, Uint8Array.of(7)), [[]], { seven: 7 }];
const typeOf = (value: Value): string => (value === null ? 'null' : value instanceof Uint8Array ? 'bytes' : Array.isArray(value) ? 'list' : typeof value === 'object' ? ('multihash' in value ? 'link' : 'map') : typeof value);

describe.each(maps)('a %s record', (kind, record) => {
  it('comes back as it was', () => {
    expect(write(record)).toEqual(record.payload);
    for (const field of OPTIONAL[kind] ?? []) {
      const without = edited(record, (fields) => delete fields[field]);
      expect(write(without)).toEqual(without.payload);
    }
  });

  it('with a field missing is refused', () => {
    for (const field of Object.keys(decode('test', record.payload) as Fields)) {
      if (OPTIONAL[kind]?.includes(field)) continue;
      expect(() => read(edited(record, (fields) => delete fields[field])), field).toThrow(refused('E_FORMAT'));
    }
  });

  it('with a field that is unknown is refused', () => {
    expect(() => read(edited(record, (fields) => (fields['more'] = 0)))).toThrow(refused('E_FORMAT'));
  });

  it('with a field of another type is refused', () => {
    for (const [field, value] of Object.entries(decode('test', record.payload) as Fields)) {
      for (const other of OTHERS.filter((one) => typeOf(one) !== typeOf(value))) {
        expect(() => read(edited(record, (fields) => (fields[field] = other))), `${field} ${typeOf(other)}`).toThrow(refused('E_FORMAT'));
      }
    }
  });

  it('of a later version is refused as that', () => {
    expect(() => read(edited(record, (fields) => (fields['v'] = 2)))).toThrow(refused('E_VERSION_NEWER'));
    expect(() => read(edited(record, (fields) => (fields['v'] = 0)))).toThrow(refused('E_FORMAT'));
  });

  it('with a number that is none, and words that nobody knows, is refused', () => {
    for (const [field, value] of Object.entries(decode('test', record.payload) as Fields)) {
      const words = typeof value === 'string' && !['name', 'id'].includes(field);
      if (words) expect(() => read(edited(record, (fields) => (fields[field] = 'else'))), field).toThrow(refused('E_FORMAT'));
      const times = ['created', 'expires', 'added', 'settled', 'opened', 'at', 'handedOut'].includes(field) && typeof value === 'number';
      if (times) expect(() => read(edited(record, (fields) => (fields[field] = 8_640_000_000_000_001))), field).toThrow(refused('E_FORMAT'));
      const bytes = value instanceof Uint8Array && field !== 'manifest';
      if (bytes) expect(() => read(edited(record, (fields) => (fields[field] = value.slice(1)))), field).toThrow();
    }
  });

  it('with any bit flipped is refused, or is another record in its one spelling', () => {
    for (const { bytes } of flips(record.payload, record.payload.length > 2_000 ? 97 : 1)) {
      let again: Bytes;
      try {
        again = write({ ...record, payload: bytes });
      } catch (error) {
        if (isError(error)) continue;
        throw error;
      }
      expect(equalBytes(again, bytes)).toBe(true);
    }
  });
});

describe('inside a record', () => {
  const of = (kind: string) => (maps.find(([one]) => one === kind) as readonly [string, BackupRecord])[1];
  const inItem = (kind: string, list: string, edit: (fields: Fields) => void) => edited(of(kind), (fields) => {
    const [first, ...others] = fields[list] as readonly Fields[];
    const item = { ...first } as Fields;
    edit(item);
    fields[list] = [item, ...others];
  });

  it.each<[string, BackupRecord]>([
    ['a contact verified in no known way', edited(of('contact'), (fields) => (fields['verified'] = { at: 1, by: 'guess' }))],
    ['a verification with more to it', edited(of('contact'), (fields) => (fields['verified'] = { at: 1, by: 'words', who: 'me' }))],
    ['an identity that is raw', edited(of('contact'), (fields) => (fields['before'] = [cidOf(RAW, Uint8Array.of(1))]))],
    ['a name of 65', edited(of('contact'), (fields) => (fields['name'] = 'a'.repeat(65)))],
    ['no name', edited(of('contact'), (fields) => (fields['name'] = ''))],
    ['the genesis of somebody else', edited(of('actor'), (fields) => (fields['id'] = cidOf(0x71, Uint8Array.of(1))))],
    ['a sender without a number', edited(of('message'), (fields) => (fields['sender'] = { id: cidOf(0x71, Uint8Array.of(1)) }))],
    ['a receipt given twice', edited(of('message'), (fields) => (fields['receipts'] = ['received', 'received']))],
    ['the process that was at it', edited(of('outbox'), (fields) => (fields['by'] = { machine: 'm', pid: 1, startedTicks: 1 }))],
    ['a store that is none', edited(of('outbox'), (fields) => (fields['store'] = 'x'.repeat(32)))],
    ['a file name of 256 bytes', edited(of('outbox'), (fields) => (fields['name'] = 'é'.repeat(128)))],
    ['an empty id', edited(of('outbox'), (fields) => (fields['id'] = ''))],
    ['257 recipients', edited(of('outbox'), (fields) => (fields['recipients'] = Array.from({ length: 257 }, () => (fields['recipients'] as readonly Value[])[0] as Value)))],
    ['a recipient in no state', inItem('outbox', 'recipients', (fields) => (fields['state'] = 'gone'))],
    ['a time of no state', inItem('outbox', 'recipients', (fields) => (fields['times'] = { gone: 1 }))],
    ['a packet of 191 bytes', inItem('outbox', 'recipients', (fields) => (fields['packet'] = new Uint8Array(191)))],
    ['an inbox of 31 bytes', inItem('outbox', 'recipients', (fields) => (fields['inbox'] = new Uint8Array(31)))],
    ['four pieces of evidence', inItem('outbox', 'recipients', (fields) => (fields['evidence'] = Array.from({ length: 4 }, () => (fields['evidence'] as readonly Value[])[0] as Value)))],
    ['evidence with a short key', inItem('outbox', 'recipients', (fields) => (fields['evidence'] = [{ ...((fields['evidence'] as readonly Fields[])[0] as Fields), key: new Uint8Array(31) }]))],
    ['a message in an unknown tier', edited(of('message-record'), (fields) => (fields['tiers'] = ['tape']))],
    ['a message in one tier twice', edited(of('message-record'), (fields) => (fields['tiers'] = ['hot', 'hot']))],
    ['announcements of nothing', edited(of('announcements'), (fields) => (fields['announcements'] = []))],
    ['a packet that is damaged', inItem('announcements', 'announcements', (fields) => (fields['packet'] = (fields['packet'] as Bytes).map((byte, i) => (i === 100 ? byte ^ 1 : byte))))],
    ['a packet about something else', edited(of('announcements'), (fields) => (fields['cid'] = cidOf(0x71, Uint8Array.of(1))))],
  ])('%s is refused', (_, record) => {
    expect(() => read(record)).toThrow(refused('E_FORMAT'));
  });

  it('tiers of a block are bits that are known, and one at least', () => {
    const block = storeRecords.find(({ type }) => type === 'block') as BackupRecord;
    for (const bits of [0, 16, 17, 128]) expect(() => decodeStoreRecord({ ...block, payload: block.payload.map((byte, i) => (i === 0 ? bits : byte)) })).toThrow(refused('E_FORMAT'));
    for (const cut of [0, 1, 36]) expect(() => decodeStoreRecord({ ...block, payload: block.payload.slice(0, cut) })).toThrow(refused('E_FORMAT'));
    expect(() => decodeStoreRecord({ ...block, payload: block.payload.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) })).toThrow(refused('E_BLOCK_CORRUPT'));
    for (const { bytes } of flips(block.payload.subarray(0, 40))) expect(() => decodeStoreRecord({ ...block, payload: Uint8Array.from([...bytes, ...block.payload.subarray(40)]) })).not.toThrow(TypeError);
  });

  it('is total over any map', () => {
    const value = fc.letrec<{ value: Value }>((tie) => ({
      value: fc.oneof({ depthSize: 'small', maxDepth: 4 }, fc.nat(), fc.string(), fc.boolean(), fc.constant(null), fc.uint8Array(), fc.array(tie('value')), fc.dictionary(fc.string().filter((name) => name !== '__proto__'), tie('value'))),
    })).value;
    fc.assert(
      fc.property(fc.constantFrom(...maps), fc.nat(), value, ([, record], which, other) => {
        const names = Object.keys(decode('test', record.payload) as Fields);
        const changed = edited(record, (fields) => (fields[names[which % names.length] as string] = other));
        try {
          return equalBytes(write(changed), changed.payload);
        } catch (error) {
          return isError(error);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

const all = await readWhole(backup);
const places = new Map(all.map((record, at) => [nameOf(record), at]));

describe('a backup', () => {
  const tried = async (records: readonly BackupRecord[], what: readonly ('keys' | 'store')[] = ['keys', 'store']) => {
    const folder = await freshFolder();
    const path = join(folder, 'x.opb');
    await writeWhole(path, records, what);
    const codes = [];
    for (const act of [
      () => verifyBackup(path, native, secretOf('pass')),
      async () => (await restoreBackup({ crypto: native, passphrase: secretOf('pass'), path, homePath: join(folder, 'home'), storePath: join(folder, 'store'), kdf: cheapKdf })).home?.close(),
    ]) codes.push(await act().then(() => 'taken', (error: unknown) => (isError(error) ? error.code : String(error))));
    return { codes, left: (await readdir(folder)).filter((name) => name !== 'x.opb') };
  };

  it('has one of every kind, and is taken whole', async () => {
    expect([...places.keys()].sort()).toEqual(['actor', 'announcements', 'block', 'bundle', 'contact', 'identity', 'journal', 'key', 'message', 'message-record', 'origin', 'outbox', 'secrets']);
    const { codes, left } = await tried(all);
    expect(codes).toEqual(['taken', 'taken']);
    expect(left.sort()).toEqual(['home', 'store']);
  });

  it.each([...places].filter(([kind]) => !['secrets', 'block'].includes(kind)))('with one wrong %s is refused, and nothing is left behind', async (_, at) => {
    const wrong = all.map((record, i) => (i === at ? edited(record, (fields) => (fields['more'] = 1)) : record));
    expect(await tried(wrong)).toEqual({ codes: ['E_FORMAT', 'E_FORMAT'], left: [] });
    const later = all.map((record, i) => (i === at ? edited(record, (fields) => (fields['v'] = 2)) : record));
    expect(await tried(later)).toEqual({ codes: ['E_VERSION_NEWER', 'E_VERSION_NEWER'], left: [] });
  });

  it('whose block is in no tier, or whose secrets hold a prekey or are cut, is refused', async () => {
    const change = (kind: string, payload: (before: Bytes) => Bytes) => all.map((record, i) => (i === places.get(kind) ? { ...record, payload: payload(record.payload) } : record));
    expect(await tried(change('block', (before) => before.with(0, 16) as Bytes))).toEqual({ codes: ['E_FORMAT', 'E_FORMAT'], left: [] });
    const [name, value] = Object.entries(decode('test', all[0]!.payload) as Record<string, Bytes>).find(([one]) => one.includes('/kem/'))!;
    const secrets = (more: Record<string, Bytes>) => change('secrets', (before) => encode({ ...(decode('test', before) as Fields), ...more }));
    for (const more of [{ [name.replace('/kem/', '/prekey/')]: value }, { [name]: value.slice(1) }, { other: value }]) {
      expect(await tried(secrets(more))).toEqual({ codes: ['E_FORMAT', 'E_FORMAT'], left: [] });
    }
  });

  it.each<[string, (records: readonly BackupRecord[]) => readonly BackupRecord[], string[]]>([
    ['secrets twice', (records) => [records[0]!, ...records], ['E_FORMAT', 'E_FORMAT']],
    ['no secrets', (records) => records.slice(1), ['E_FORMAT', 'E_FORMAT']],
    ['the home behind the store', (records) => [records[0]!, ...records.filter(({ type }) => type !== 'home' && type !== 'secrets'), ...records.filter(({ type }) => type === 'home')], ['E_FORMAT', 'E_FORMAT']],
    ['two origins', (records) => records.flatMap((record, i) => (i === places.get('origin') ? [record, record] : [record])), ['E_FORMAT', 'E_FORMAT']],
    ['no origin', (records) => records.filter((_, i) => i !== places.get('origin')), ['E_FORMAT', 'E_FORMAT']],
    ['a contact twice', (records) => records.flatMap((record, i) => (i === places.get('contact') ? [record, record] : [record])), ['taken', 'E_FORMAT']],
    ['a message twice', (records) => records.flatMap((record, i) => (i === places.get('message-record') ? [record, record] : [record])), ['taken', 'E_FORMAT']],
  ])('with %s is refused', async (_, change, codes) => {
    expect(await tried(change(all))).toEqual({ codes, left: [] });
  });

  it('holds what its header says, and no more', async () => {
    expect((await tried(all, ['store'])).codes[0]).toBe('E_FORMAT');
    expect((await tried(all, ['keys'])).codes[0]).toBe('E_FORMAT');
    expect(Object.keys(recordTypes)).toHaveLength(7);
    expect(encodeRecord({ type: 'end', payload: new Uint8Array(0) })).toEqual(Uint8Array.of(255, 0, 0, 0, 0));
  });
});
