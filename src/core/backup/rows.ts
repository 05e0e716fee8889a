/**
 * The rows of a home as a backup carries them: a format of its own, since a backup outlives the program that made it and its database.
 *
 *     dag-cbor { v: 1, kind, .. the fields of the kind }
 *
 * Hostile input is not expected here, for the stream is authentic; but it may come of another program, or of a later one. Every field is
 * checked, blocks are decoded, and what is not known is refused. Spec: docs/formats/keyring-backup.md, Rows of the home.
 */
import type { Bytes } from '../base/bytes.ts';
import { DAG_CBOR, isCid, sameCid, type Cid } from '../base/cid.ts';
import { decode, encode, present, Reader, type Value } from '../base/codec.ts';
import { limits } from '../base/limits.ts';
import { KEY_BYTES } from '../crypto/parameters.ts';
import type { ActorRecord, BundleRecord, ContactRecord, IdentityRecord, KeyRecord, MessageRecord, OutboxEntry } from '../home/index.ts';
import { decodeBundle, decodeGenesis, decodeRevocation } from '../identity/index.ts';
import { outboxFields, readOutbox } from './outbox-row.ts';
import { oneOf, refuse, ROW_KIND, someOf, text } from './row-fields.ts';

const VERSION = 1;
const KEY_ID_BYTES = 16;
/** `ring.sealRow` of a message key: nonce, key and tag. */
const SEALED_KEY_BYTES = 12 + KEY_BYTES + 16;

/** What a restored home needs to be told from the one it was made of: see home/witness.ts. */
export interface HomeOrigin {
  readonly generation: number;
  readonly witnessKey: Bytes;
}

interface Rows {
  readonly origin: HomeOrigin;
  readonly identity: IdentityRecord;
  readonly contact: ContactRecord;
  readonly actor: ActorRecord;
  readonly bundle: BundleRecord;
  readonly key: KeyRecord;
  readonly outbox: OutboxEntry;
  readonly message: MessageRecord;
}
export type RowKind = keyof Rows;
/** One row, told by its kind. */
export type HomeRow = { readonly [Kind in RowKind]: { readonly kind: Kind; readonly row: Rows[Kind] } }[RowKind];

interface RowCodec<Row> {
  fields(row: Row): Record<string, Value | undefined>;
  read(reader: Reader): Row;
}

const origin: RowCodec<HomeOrigin> = {
  fields: ({ generation, witnessKey }) => ({ generation, witnessKey }),
  read: (reader) => ({ generation: reader.int('generation'), witnessKey: reader.bytes('witnessKey', KEY_BYTES) }),
};

const identity: RowCodec<IdentityRecord> = {
  fields: ({ name, id, createdAtMs, sendOnly, keystore }) => ({ name, id, created: createdAtMs, sendOnly, keystore }),
  read: (reader) => ({
    name: actorName(reader),
    id: reader.cid('id', DAG_CBOR),
    createdAtMs: reader.time('created'),
    sendOnly: reader.bool('sendOnly'),
    keystore: oneOf(reader, 'keystore', ['file']),
  }),
};

const contact: RowCodec<ContactRecord> = {
  fields: ({ name, id, addedAtMs, verified, before }) => ({ name, id, added: addedAtMs, verified: verified && { at: verified.atMs, by: verified.by }, before }),
  read(reader) {
    const [name, id, addedAtMs] = [actorName(reader), reader.cid('id', DAG_CBOR), reader.time('added')];
    const verified = reader.optional('verified', () => {
      const fields = reader.map('verified');
      const verification = { atMs: fields.time('at'), by: oneOf(fields, 'by', ['words', 'fingerprint-file']) };
      fields.done();
      return verification;
    });
    return { name, id, addedAtMs, ...present('verified', verified), before: reader.list('before', limits.backupListItemsMax).map(identityId) };
  },
};

const actor: RowCodec<ActorRecord> = {
  fields: ({ id, genesis, revocation }) => ({ id, genesis, revocation }),
  read(reader) {
    const [id, genesis] = [reader.cid('id', DAG_CBOR), reader.bytes('genesis')];
    const revocation = reader.optional('revocation', () => reader.bytes('revocation'));
    if (!sameCid(decodeGenesis(genesis).id, id)) refuse('a genesis is of another identity');
    if (revocation !== undefined && !sameCid(decodeRevocation(revocation).id, id)) refuse('a revocation is of another identity');
    return { id, genesis, ...present('revocation', revocation) };
  },
};

const bundle: RowCodec<BundleRecord> = {
  fields: ({ block, learnedAtMs, handedOutAtMs }) => ({ block, learned: learnedAtMs, handedOut: handedOutAtMs }),
  read(reader) {
    const block = reader.bytes('block');
    const handedOutAtMs = reader.optional('handedOut', () => reader.time('handedOut'));
    const { id, seq, cid } = decodeBundle(block);
    return { id, seq, cid, block, learnedAtMs: reader.time('learned'), ...present('handedOutAtMs', handedOutAtMs) };
  },
};

/** Identity keys alone: they have no date, and prekeys are left out of backups. */
const key: RowCodec<KeyRecord> = {
  fields: ({ keyId, id, createdAtMs, current, handedOut }) => ({ keyId, id, created: createdAtMs, current, handedOut }),
  read: (reader) => ({
    keyId: reader.bytes('keyId', KEY_ID_BYTES),
    id: reader.cid('id', DAG_CBOR),
    kind: 'identity',
    createdAtMs: reader.time('created'),
    untilMs: 0,
    current: reader.bool('current'),
    handedOut: reader.bool('handedOut'),
  }),
};

const message: RowCodec<MessageRecord> = {
  fields: ({ cid, identity: opener, sender, openedAtMs, bytes, sealedKey, receipts }) => ({
    ...{ cid, identity: opener, sender: sender && { id: sender.id, seq: sender.seq }, opened: openedAtMs, bytes, key: sealedKey, receipts },
  }),
  read(reader) {
    const opener = reader.optional('identity', () => reader.cid('identity', DAG_CBOR));
    const sender = reader.optional('sender', () => {
      const fields = reader.map('sender');
      const claim = { id: fields.cid('id', DAG_CBOR), seq: fields.int('seq', 1) };
      fields.done();
      return claim;
    });
    const sealedKey = reader.optional('key', () => reader.bytes('key', SEALED_KEY_BYTES));
    const head = { cid: reader.cid('cid', DAG_CBOR), openedAtMs: reader.time('opened'), bytes: reader.int('bytes') };
    const receipts = someOf(reader, 'receipts', ['received', 'opened', 'refused']);
    return { ...head, ...present('identity', opener), ...present('sender', sender), ...present('sealedKey', sealedKey), receipts };
  },
};

const codecs: { readonly [Kind in RowKind]: RowCodec<Rows[Kind]> } = {
  ...{ origin, identity, contact, actor, bundle, key, message },
  outbox: { fields: outboxFields, read: readOutbox },
};

/** As the home keeps it: its own reader may know more letters than this Unicode. */
const actorName = (reader: Reader): string => text(reader, 'name', limits.actorNameCharsMax);

function identityId(value: unknown): Cid {
  if (!isCid(value) || value.code !== DAG_CBOR) return refuse('an identity is no link to a genesis');
  return value;
}

export const encodeRow = <Kind extends RowKind>(kind: Kind, row: Rows[Kind]): Bytes => encode({ v: VERSION, kind, ...codecs[kind].fields(row) });

/** Throws E_FORMAT, E_NOT_CANONICAL, E_VERSION_NEWER, and what the decoders of blocks throw. */
export function decodeRow(payload: Bytes): HomeRow {
  const reader = new Reader(ROW_KIND, decode(ROW_KIND, payload));
  reader.version(VERSION);
  const kind = oneOf(reader, 'kind', Object.keys(codecs) as RowKind[]);
  const decoded = { kind, row: codecs[kind].read(reader) } as HomeRow;
  reader.done();
  return decoded;
}
