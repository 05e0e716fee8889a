/** Makes the golden vectors of test/vectors/store: what lies in a store's folder, and what the store keeps of an --id. */
import { bytesOf, concat, hexOf, type Bytes } from '../../../src/core/base/bytes.ts';
import { cidOf, DAG_CBOR, RAW } from '../../../src/core/base/cid.ts';
import { decode, encode, type Value } from '../../../src/core/base/codec.ts';
import { loadProvider } from '../../../src/core/crypto/index.ts';
import { operationContent, operationKey, sealOperationResult } from '../../../src/core/mail/operation.ts';
import { encodeIndex } from '../../../src/core/storage/car-index.ts';
import { encodeAnnouncements } from '../../../src/core/storage/cold/announcements.ts';
import { shelfOf } from '../../../src/core/storage/cold/sharding.ts';
import { encodeEntry } from '../../../src/core/storage/journal-record.ts';
import type { JournalEntry } from '../../../src/core/storage/ports.ts';
import { seededRng } from '../crypto/support.ts';
import { seedOf } from '../message/support.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const NOW = Date.UTC(2026, 10, 23, 10);
const cid = cidOf(DAG_CBOR, bytesOf('a manifest'));
const other = cidOf(DAG_CBOR, bytesOf('another manifest'));
const packets = [seedOf('packet 1', 192), seedOf('packet 2', 192)];
const flip = (bytes: Bytes, at: number): Bytes => bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ 1 : byte));

function journal(): Json {
  const entries: readonly JournalEntry[] = [
    { kind: 'acknowledged', acknowledgement: { cid, atMs: NOW, durability: 'hot', inboxes: [seedOf('inbox')], bytes: 4_711, expiresAtMs: 0 } },
    { kind: 'acknowledged', acknowledgement: { cid: other, atMs: NOW + 1, durability: 'cold', inboxes: [], bytes: 1, expiresAtMs: NOW + 9 } },
    { kind: 'released', release: { cid, atMs: NOW + 2, reason: 'removed' } },
  ];
  const [first, second, third] = entries.map(encodeEntry) as [Bytes, Bytes, Bytes];
  const file = concat(first, second, third);
  const row = (name: string, records: number, damaged: boolean, bytes: Bytes): Json => ({ name, records, damaged, file: hexOf(bytes) });
  return {
    about: 'A journal file, whole, torn by a crash, and damaged.',
    fields: { payloads: 'dag-cbor of its records, in order', records: 'how many are read', damaged: 'whether damage is reported behind them (E_STORE_CORRUPT); a torn end is left out without a word', file: 'the file' },
    name: '2026-11.000.log',
    payloads: [first, second, third].map((frame) => hexOf(frame.subarray(12, -4))),
    files: [
      row('whole', 3, false, file),
      row('empty', 0, false, new Uint8Array(0)),
      row('torn within a payload', 2, false, file.slice(0, -20)),
      row('torn within a head', 2, false, file.slice(0, first.length + second.length + 5)),
      row('torn before the foot ends', 2, false, file.slice(0, -1)),
      row('a tail of zeros', 3, false, concat(file, new Uint8Array(100))),
      row('a bit of the second payload', 1, true, flip(file, first.length + 20)),
      row('a bit of the second length', 1, true, flip(file, first.length + 3)),
      row('a bit of the last foot', 2, true, flip(file, -1)),
      row('a bit of the last payload', 2, true, flip(file, -10)),
    ],
  };
}

function files(): Json {
  const good = encodeAnnouncements(cid, packets);
  const bad = (about: string, bytes: Bytes): Json => ({ about, code: 'E_STORE_CORRUPT', file: hexOf(bytes) });
  const shelf = (codec: typeof RAW | typeof DAG_CBOR): Json => {
    const named = cidOf(codec, bytesOf('hello'));
    const { shard, file } = shelfOf(named);
    return { cid: named.toString(), path: `${shard}/${file}` };
  };
  return {
    about: 'Files of the cold tier.',
    names: [shelf(RAW), shelf(DAG_CBOR)],
    announcements: { cid: cid.toString(), packets: packets.map(hexOf), file: hexOf(good), none: hexOf(encodeAnnouncements(cid, [])) },
    refused: [
      bad('one bit of a packet', flip(good, 100)),
      bad('one bit of the count', flip(good, 47)),
      bad('one bit of the sum', flip(good, -1)),
      bad('cut', good.slice(0, -1)),
      bad('a byte more', concat(good, new Uint8Array(1))),
      bad('of another message', encodeAnnouncements(other, packets)),
      bad('empty', new Uint8Array(0)),
    ],
  };
}

function carIndex(): Json {
  const links = packets.map((packet) => cidOf(RAW, packet));
  const good = encodeIndex({ sections: 5, messages: [{ cid, packets: links }], bundles: [other], receipts: [cid] });
  const edited = (fields: Record<string, Value>): Bytes => encode({ ...(decode('index', good.bytes) as Record<string, Value>), ...fields });
  const row = (about: string, code: string, bytes: Bytes): Json => ({ about, code, index: hexOf(bytes) });
  return {
    about: 'The index of a CAR.',
    cid: good.cid.toString(),
    index: hexOf(good.bytes),
    refused: [
      row('version 2', 'E_VERSION_NEWER', edited({ v: 2 })),
      row('a field more', 'E_FORMAT', edited({ more: 0 })),
      row('no section', 'E_FORMAT', edited({ sections: 0 })),
      row('a packet that is dag-cbor', 'E_FORMAT', edited({ messages: [{ cid, packets: [other] }] })),
      row('a message that is raw', 'E_FORMAT', edited({ messages: [{ cid: links[0] as never, packets: [] }] })),
      row('a number for a bundle', 'E_FORMAT', edited({ bundles: [7] })),
    ],
  };
}

async function operation(): Promise<Json> {
  const provider = await loadProvider('noble', seededRng('omniplex store vectors'));
  const secret = seedOf('outbox');
  const content = { sha256: seedOf('content'), bytes: 100, recipients: [cid, other], expires: '7d', receipt: 'opened' };
  const result = { bytes: 100, blocks: 2, expiresAtMs: NOW, forwardSecret: true, recipients: [{ identity: cid, inbox: seedOf('inbox') }] };
  const key = operationKey(provider, secret, 'nightly/7');
  const sealed = sealOperationResult(provider, secret, key, result);
  const row = (about: string, under: Bytes, bytes: Bytes): Json => ({ about, code: 'E_MAC', key: hexOf(under), result: hexOf(bytes) });
  return {
    about: 'What a store keeps of one --id. Its nonce is random: a reader opens it.',
    outboxSecret: hexOf(secret),
    id: 'nightly/7',
    key: hexOf(key),
    content: { sha256: hexOf(content.sha256), bytes: content.bytes, recipients: content.recipients.map(String), expires: content.expires, receipt: content.receipt, hash: hexOf(operationContent(provider, secret, content)) },
    result: { bytes: 100, blocks: 2, expires: NOW, forwardSecret: true, recipients: [{ identity: cid.toString(), inbox: hexOf(seedOf('inbox')) }], sealed: hexOf(sealed) },
    refused: [row('one bit', key, flip(sealed, 20)), row('cut', key, sealed.slice(0, 11)), row('of another id', operationKey(provider, secret, 'nightly/8'), sealed)],
  };
}

/** File name -> its content. */
export const vectorFiles = async (): Promise<Readonly<Record<string, Json>>> => ({ 'journal.json': journal(), 'cold.json': files(), 'car-index.json': carIndex(), 'operation.json': await operation() });

export const fileText = (content: Json): string => `${JSON.stringify(content, undefined, 1)}\n`;
