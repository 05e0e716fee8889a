/**
 * An entry of the outbox as a backup carries it. Left out are its number, which is the home's own order (entries come oldest first), and
 * the process that was at it: after a restore nobody is.
 */
import { bytesOf } from '../base/bytes.ts';
import { DAG_CBOR } from '../base/cid.ts';
import { present, Reader, type Value } from '../base/codec.ts';
import { limits } from '../base/limits.ts';
import { KEY_BYTES } from '../crypto/parameters.ts';
import { recipientStates, type Delivery, type Evidence, type OutboxEntry, type RecipientState } from '../home/index.ts';
import { durabilities } from '../storage/ports.ts';
import { oneOf, refuse, ROW_KIND, text } from './row-fields.ts';

const DIGEST_BYTES = 32;
const STORE_ID_CHARS = 32;
const CODE_CHARS_MAX = 40;
const receiptStates = ['received', 'opened', 'refused'] as const;

export const outboxFields = ({ id, identity, store, cid, createdAtMs, settledAtMs, name, bytes, expiresAtMs, durability, receipt, manifest, recipients }: OutboxEntry): Record<string, Value | undefined> => ({
  ...{ id, identity, store, cid, created: createdAtMs, settled: settledAtMs, name, bytes, expires: expiresAtMs },
  ...{ asked: durability.asked, reached: durability.true, receipt, manifest, recipients: recipients.map(deliveryFields) },
});

const deliveryFields = ({ name, identity, inbox, state, times, packet, evidence, code }: Delivery): Value => ({
  ...{ name, identity, inbox, state, times: { ...times }, packet, code },
  evidence: evidence.map(({ state: told, cid, atMs, key }) => ({ state: told, cid, at: atMs, key })),
});

export function readOutbox(reader: Reader): OutboxEntry {
  return {
    number: 0,
    ...present('id', reader.optional('id', () => text(reader, 'id', limits.operationIdCharsMax))),
    ...present('identity', reader.optional('identity', () => reader.cid('identity', DAG_CBOR))),
    ...present('store', reader.optional('store', () => readStore(reader))),
    ...present('cid', reader.optional('cid', () => reader.cid('cid', DAG_CBOR))),
    createdAtMs: reader.time('created'),
    ...present('settledAtMs', reader.optional('settled', () => reader.time('settled'))),
    ...present('name', reader.optional('name', () => readName(reader))),
    ...present('bytes', reader.optional('bytes', () => reader.int('bytes'))),
    expiresAtMs: reader.time('expires'),
    durability: { asked: oneOf(reader, 'asked', durabilities), true: oneOf(reader, 'reached', durabilities) },
    ...present('receipt', reader.optional('receipt', () => oneOf(reader, 'receipt', ['received', 'opened']))),
    ...present('manifest', reader.optional('manifest', () => reader.bytes('manifest', undefined, limits.blockBytesMax))),
    recipients: reader.list('recipients', limits.recipientsMax).map(readDelivery),
  };
}

function readDelivery(value: unknown): Delivery {
  const reader = new Reader(`${ROW_KIND}.recipients`, value);
  const delivery = {
    name: text(reader, 'name', limits.actorNameCharsMax),
    identity: reader.cid('identity', DAG_CBOR),
    inbox: reader.bytes('inbox', DIGEST_BYTES),
    state: oneOf(reader, 'state', recipientStates),
    times: readTimes(reader.map('times')),
    ...present('packet', reader.optional('packet', () => reader.bytes('packet', limits.packetBytes))),
    ...present('code', reader.optional('code', () => text(reader, 'code', CODE_CHARS_MAX))),
    evidence: reader.list('evidence', receiptStates.length).map(readEvidence),
  };
  reader.done();
  return delivery;
}

function readTimes(reader: Reader): Delivery['times'] {
  const times: { [State in RecipientState]?: number } = {};
  for (const state of recipientStates) if (reader.has(state)) times[state] = reader.time(state);
  reader.done();
  return times;
}

function readEvidence(value: unknown): Evidence {
  const reader = new Reader(`${ROW_KIND}.evidence`, value);
  const evidence = {
    state: oneOf(reader, 'state', receiptStates),
    cid: reader.cid('cid', DAG_CBOR),
    atMs: reader.time('at'),
    ...present('key', reader.optional('key', () => reader.bytes('key', KEY_BYTES))),
  };
  reader.done();
  return evidence;
}

function readStore(reader: Reader): string {
  const id = reader.text('store', STORE_ID_CHARS);
  return /^[0-9a-f]{32}$/.test(id) ? id : refuse('field store is not the id of one');
}

function readName(reader: Reader): string {
  const name = reader.text('name', limits.nameBytesMax);
  return bytesOf(name).length > limits.nameBytesMax ? refuse(`field name is longer than ${limits.nameBytesMax} bytes`) : name;
}
