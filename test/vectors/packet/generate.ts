/**
 * Derives the golden vectors of the packet format from the words of docs/PROTOCOL.md: with Buffer, zlib and noble, and with
 * nothing of src/. `node test/vectors/packet/generate.ts` writes the files; the suite compares them with what this derives.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { blake3 } from '@noble/hashes/blake3.js';

/** Numbers beyond 2^53 are refused, so decimal text holds them all. */
export interface VectorFields {
  readonly version: number;
  readonly type: number;
  readonly flags: number;
  readonly timeoutMs: number;
  readonly session: string;
  readonly sequence: string;
  readonly index: number;
  readonly sender: string;
  readonly inbox: string;
  readonly block: string;
  readonly salt: string;
  readonly expiresMs: string;
}

export interface PositiveVector {
  readonly name: string;
  readonly about: string;
  readonly fields: VectorFields;
  /** Role in a stream, as the flags say it. */
  readonly fragment: string | null;
  /** Codec of the block of word 3; null in cover. */
  readonly blockCodec: 'dag-cbor' | 'raw' | null;
  readonly key: string;
  readonly maskKey?: string;
  readonly packet: string;
}

export interface NegativeVector {
  readonly name: string;
  readonly about: string;
  /** Where it is refused: by the decoder, by the check of word 5, by taking off the mask, or where a stanza is chosen. */
  readonly step: 'decode' | 'verify' | 'unmask' | 'stanza';
  readonly code: string;
  readonly key?: string;
  readonly maskKey?: string;
  readonly packet: string;
}

export interface DerivedVector {
  readonly name: string;
  readonly about: string;
  readonly headerKey: string;
  readonly inbox: string;
  readonly session: string;
  readonly pseudonym: string;
}

export interface VectorFile<Vector> {
  readonly format: 'omniplex/v1/packet';
  readonly about: string;
  readonly layout?: typeof layout;
  readonly vectors: readonly Vector[];
}

/** The bytes of a packet, in order. All numbers are big-endian. */
const layout = [
  { field: 'version', word: 0, at: 0, bytes: 1, about: '1' },
  { field: 'type', word: 0, at: 1, bytes: 1, about: '0x01 data, 0x02 hello, 0x03 rekey, 0x04 notice, 0x10 ack, 0x11 nack, 0x12 pubrec, 0x13 pubrel, 0x14 pubcomp, 0x20 control, 0x3f cover; bit 7: masked' },
  { field: 'flags', word: 0, at: 2, bytes: 2, about: 'bit 0 NewSession, 1 FragStart, 2 FragCont, 3 FragEnd, 4 Priority, 5 PQ_Priority, 6 PQ_Fallback, 7 Fec, 8 Dup, 9-10 quality of service, 11-15 zero' },
  { field: 'timeoutMs', word: 0, at: 4, bytes: 4, about: 'ms for reassembly, counted from the first packet; 0 leaves it to the receiver' },
  { field: 'session', word: 0, at: 8, bytes: 8, about: 'session id; without a session the first 8 bytes of keyed BLAKE3 of "omniplex/v1/sessionless" NUL' },
  { field: 'sequence', word: 0, at: 16, bytes: 8, about: 'unique per transmission, at most 2^53-1; without a session the number of the recipient stanza, at most 255' },
  { field: 'index', word: 0, at: 24, bytes: 4, about: 'fragment of a stream, its opening 0; 0 in every packet that is not content or end' },
  { field: 'crc32', word: 0, at: 28, bytes: 4, about: 'CRC32 (ISO-HDLC) of all 192 bytes as sent with this field zero' },
  { field: 'sender', word: 1, at: 32, bytes: 32, about: 'CID_S: keyed BLAKE3 of "omniplex/v1/pseudonym" NUL and CID_R, or the digest of the identity where it is shown' },
  { field: 'inbox', word: 2, at: 64, bytes: 32, about: 'CID_R: SHA-256 of the inbox block (raw)' },
  { field: 'block', word: 3, at: 96, bytes: 32, about: 'CID_M: SHA-256 of the block that the packet is about; type and fragment fix its codec' },
  { field: 'salt', word: 4, at: 128, bytes: 24, about: 'message salt' },
  { field: 'expiresMs', word: 4, at: 152, bytes: 8, about: 'ms since 1970-01-01, 0 for none, at most 8640000000000000' },
  { field: 'digest', word: 5, at: 160, bytes: 32, about: 'keyed BLAKE3 of bytes 0-159 with crc32 zero, before masking' },
] as const;

/** Bytes that anybody can derive: SHAKE256 of a name. */
const named = (name: string, length: number): Buffer => createHash('shake256', { outputLength: length }).update(`omniplex packet vector: ${name}`).digest();
const hex = (name: string, length: number): string => named(name, length).toString('hex');
const keyed = (key: string, data: Buffer, length = 32): Buffer => Buffer.from(blake3(Uint8Array.from(data), { key: Uint8Array.from(Buffer.from(key, 'hex')), dkLen: length }));

const FLAG = { newSession: 1, start: 2, cont: 4, end: 8, priority: 16, pqPriority: 32, pqFallback: 64, fec: 128, dup: 256, qos1: 512, qos2: 1024 };
const key = hex('digest key', 32);
const maskKey = hex('mask key', 32);

const plainFields: VectorFields = {
  version: 1,
  type: 0x01,
  flags: FLAG.start | FLAG.end,
  timeoutMs: 60_000,
  session: hex('session', 8),
  sequence: '3',
  index: 0,
  sender: hex('sender', 32),
  inbox: hex('inbox', 32),
  block: hex('block', 32),
  salt: hex('salt', 24),
  expiresMs: '1800000000000',
};

function wordsOf(fields: VectorFields): Buffer {
  const bytes = Buffer.alloc(192);
  bytes.writeUInt8(fields.version, 0);
  bytes.writeUInt8(fields.type, 1);
  bytes.writeUInt16BE(fields.flags, 2);
  bytes.writeUInt32BE(fields.timeoutMs, 4);
  bytes.write(fields.session, 8, 'hex');
  bytes.writeBigUInt64BE(BigInt(fields.sequence), 16);
  bytes.writeUInt32BE(fields.index, 24);
  bytes.write(fields.sender, 32, 'hex');
  bytes.write(fields.inbox, 64, 'hex');
  bytes.write(fields.block, 96, 'hex');
  bytes.write(fields.salt, 128, 'hex');
  bytes.writeBigUInt64BE(BigInt(fields.expiresMs), 152);
  return bytes;
}

function sent(bytes: Buffer): string {
  bytes.writeUInt32BE(0, 28);
  bytes.writeUInt32BE(crc32(bytes), 28);
  return bytes.toString('hex');
}

/** Step by step as the format says it: digest, then mask, then CRC. */
function packetOf(fields: VectorFields, digestKey: string, mask?: string): string {
  const bytes = wordsOf(fields);
  const digest = keyed(digestKey, bytes.subarray(0, 160));
  digest.copy(bytes, 160);
  if (mask === undefined) return sent(bytes);
  const keystream = keyed(mask, digest, 122);
  const covered = [...Array(192).keys()].filter((at) => (at >= 2 && at < 28) || (at >= 32 && at < 64) || (at >= 96 && at < 160));
  covered.forEach((at, i) => bytes.writeUInt8(bytes.readUInt8(at) ^ keystream.readUInt8(i), at));
  return sent(bytes);
}

function positive(name: string, about: string, change: Partial<VectorFields>, fragment: string | null, blockCodec: PositiveVector['blockCodec'], mask?: string): PositiveVector {
  const fields = { ...plainFields, ...change };
  return { name, about, fields, fragment, blockCodec, key, ...(mask === undefined ? {} : { maskKey: mask }), packet: packetOf(fields, key, mask) };
}

/** Other bytes at a place, the CRC mended. */
function patch(packet: string, at: number, bytes: string): string {
  const patched = Buffer.from(packet, 'hex');
  patched.write(bytes, at, 'hex');
  return sent(patched);
}

const roles = [
  positive('single', 'a whole message: FragStart and FragEnd, word 3 its manifest', {}, 'single', 'dag-cbor'),
  positive('start', 'the opening block of a stream', { flags: FLAG.start, block: hex('opening', 32) }, 'start', 'dag-cbor'),
  positive('content', 'the seventh content block of a stream', { flags: FLAG.cont, index: 7, block: hex('content', 32) }, 'content', 'raw'),
  positive('end', 'the manifest of a stream of seven content blocks', { flags: FLAG.end, index: 8, block: hex('manifest', 32) }, 'end', 'dag-cbor'),
];

const plain: VectorFile<PositiveVector> = {
  format: 'omniplex/v1/packet',
  about: 'Packets that are accepted. `fields` are what the bytes say, `key` verifies word 5. Byte strings are hexadecimal, 64-bit numbers decimal text.',
  layout,
  vectors: [
    ...roles,
    positive('priority', 'flag Priority', { flags: FLAG.start | FLAG.end | FLAG.priority }, 'single', 'dag-cbor'),
    positive('dup', 'flag Dup with quality of service 1', { flags: FLAG.start | FLAG.end | FLAG.dup | FLAG.qos1 }, 'single', 'dag-cbor'),
    positive('qos2', 'quality of service 2', { flags: FLAG.cont | FLAG.qos2, index: 1 }, 'content', 'raw'),
    positive('zeros', 'every number at its least', { timeoutMs: 0, sequence: '0', expiresMs: '0' }, 'single', 'dag-cbor'),
    positive('largest', 'every number at its greatest', { flags: FLAG.end, timeoutMs: 4_294_967_295, sequence: '9007199254740991', index: 4_294_967_295, expiresMs: '8640000000000000' }, 'end', 'dag-cbor'),
    positive('pubrec', 'the message of word 3 was received, quality of service 2', { type: 0x12, flags: FLAG.qos2 }, null, 'dag-cbor'),
    positive('pubrel', 'its release', { type: 0x13, flags: FLAG.qos2 }, null, 'dag-cbor'),
    positive('pubcomp', 'its completion', { type: 0x14, flags: FLAG.qos2 }, null, 'dag-cbor'),
    positive('control', 'a control block', { type: 0x20, flags: FLAG.priority }, null, 'dag-cbor'),
  ],
};

const maskedSamples = [
  positive('masked single', 'the type byte of the fields has bit 7, and word 5 covers it', { type: 0x81 }, 'single', 'dag-cbor', maskKey),
  positive('masked content', 'a content block under a mask', { type: 0x81, flags: FLAG.cont, index: 7 }, 'content', 'raw', maskKey),
  positive('masked control', 'a control block under a mask', { type: 0xa0, flags: 0 }, null, 'dag-cbor', maskKey),
  positive('cover', 'says nothing; exists only masked', { type: 0xbf, flags: 0, timeoutMs: 0, expiresMs: '0' }, null, null, maskKey),
];

const masked: VectorFile<PositiveVector> = {
  format: 'omniplex/v1/packet',
  about:
    'Masked packets. Word 5 is computed over the plain words with the type byte as sent; then bytes 2-27, 32-63 and 96-159, in this order, are XORed with the first 122 bytes of keyed BLAKE3 XOF(`maskKey`, word 5); then the CRC.',
  layout,
  vectors: maskedSamples,
};

function derivedOf(name: string): DerivedVector {
  const headerKey = hex(`${name} header key`, 32);
  const inbox = hex(`${name} inbox`, 32);
  return {
    name,
    about: 'session = first 8 bytes of keyed BLAKE3("omniplex/v1/sessionless" NUL), pseudonym = keyed BLAKE3("omniplex/v1/pseudonym" NUL || inbox)',
    headerKey,
    inbox,
    session: keyed(headerKey, Buffer.from('omniplex/v1/sessionless\0')).subarray(0, 8).toString('hex'),
    pseudonym: keyed(headerKey, Buffer.concat([Buffer.from('omniplex/v1/pseudonym\0'), Buffer.from(inbox, 'hex')])).toString('hex'),
  };
}

const sessionless: VectorFile<DerivedVector> = {
  format: 'omniplex/v1/packet',
  about: 'What a packet without a session derives from the header key of its message.',
  vectors: ['first', 'second', 'third'].map(derivedOf),
};

/** What is announced: a message of the other folder, by the name that it has there. */
const announcedMessage = (JSON.parse(readFileSync(join(import.meta.dirname, '..', 'message', 'messages.json'), 'utf8')) as { messages: ReadonlyArray<{ name: string; cid: string; manifest: string; keyHeader: string; stanzaOf: readonly number[] }> })
  .messages.find(({ name }) => name === 'signed-prekey') as { cid: string; manifest: string; keyHeader: string; stanzaOf: readonly number[] };

export interface AnnouncementVector {
  readonly name: string;
  readonly about: string;
  /** Whether it counts; where it does not, the message is as it is without it. */
  readonly authentic: boolean;
  readonly packet: string;
}

/** Every word of an announcement without a session, as docs/PROTOCOL.md derives it from the message. */
function announcements(): VectorFile<AnnouncementVector> & { readonly message: string; readonly inbox: string } {
  const { keyHeader, manifest, stanzaOf } = announcedMessage;
  const inbox = hex('announced inbox', 32);
  // {.., salt: 24 bytes, ..}: the text key `salt`, then a byte string of 24 bytes; content has another of the same length, which comes later
  const saltAt = manifest.indexOf('6473616c745818') + 14;
  const right: VectorFields = {
    ...{ version: 1, type: 0x01, flags: FLAG.start | FLAG.end, timeoutMs: 0, index: 0, inbox },
    session: keyed(keyHeader, Buffer.from('omniplex/v1/sessionless\0')).subarray(0, 8).toString('hex'),
    sequence: String(stanzaOf[0]),
    sender: keyed(keyHeader, Buffer.concat([Buffer.from('omniplex/v1/pseudonym\0'), Buffer.from(inbox, 'hex')])).toString('hex'),
    block: createHash('sha256').update(Buffer.from(manifest, 'hex')).digest('hex'),
    salt: manifest.slice(saltAt, saltAt + 48),
    expiresMs: '1900000000000',
  };
  const row = (name: string, about: string, authentic: boolean, change: Partial<VectorFields>, digestKey = keyHeader): AnnouncementVector =>
    ({ name, about, authentic, packet: packetOf({ ...right, ...change }, digestKey) });
  return {
    format: 'omniplex/v1/packet',
    about: 'Announcements of `message`, of ../message/messages.json, in `inbox`. Those that are not authentic are well-formed, and as if they had not come. Word 5 is right under the header key of the message unless the vector says otherwise.',
    message: 'signed-prekey',
    inbox,
    vectors: [
      row('as it is sent', 'a single, CID_S the pseudonym', true, {}),
      row('sender shown', 'CID_S is the digest of an identity id', true, { sender: hex('an identity', 32) }),
      row('another CID_S', 'CID_S is never compared', true, { sender: '00'.repeat(32) }),
      row('priority', 'flags and timeout are not compared', true, { flags: right.flags | FLAG.priority, timeoutMs: 60_000 }),
      row('another stanza', 'the sequence numbers another stanza than the one that opens', false, { sequence: String((stanzaOf[0] as number) + 1) }),
      row('another salt', 'of another message', false, { salt: hex('salt', 24) }),
      row('expires later', 'not the sealed expiry', false, { expiresMs: '1900000000001' }),
      row('never expires', 'not the sealed expiry', false, { expiresMs: '0' }),
      row('another session', 'not what follows from the header key', false, { session: hex('session', 8) }),
      row('another key', 'word 5 under another key', false, {}, hex('another key', 32)),
    ],
  };
}

const single = packetOf(plainFields, key);
const content = (roles[2] as PositiveVector).packet;
const maskedSingle = (maskedSamples[0] as PositiveVector).packet;
const refusal = (name: string, about: string, code: string, packet: string): NegativeVector => ({ name, about, step: 'decode', code, packet });
const withFlags = (name: string, about: string, flags: number, code = 'E_PACKET_FLAGS', type = 0x01): NegativeVector =>
  refusal(name, about, code, packetOf({ ...plainFields, type, flags }, key));
const withFields = (name: string, about: string, change: Partial<VectorFields>, code = 'E_PACKET_FIELD'): NegativeVector =>
  refusal(name, about, code, packetOf({ ...plainFields, ...change }, key));

/** A byte of each field and a bit of it that leaves the packet well-formed (but for version and type). */
const bits = {
  version: [0, 0x02],
  type: [1, 0x02],
  flags: [3, 0x10],
  timeoutMs: [4, 0x01],
  session: [8, 0x01],
  sequence: [23, 0x01],
  index: [26, 0x01],
  sender: [32, 0x01],
  inbox: [64, 0x01],
  block: [96, 0x01],
  salt: [128, 0x01],
  expiresMs: [159, 0x01],
  digest: [160, 0x01],
} as const;

/** Noise fails the CRC; a forger mends the CRC and fails word 5. */
const bitFlips = Object.entries(bits).flatMap(([field, [at, bit]]): NegativeVector[] => {
  const noisy = Buffer.from(content, 'hex');
  noisy.writeUInt8(noisy.readUInt8(at) ^ bit, at);
  const noise = refusal(`noise in ${field}`, `one bit of ${field} flipped, the CRC as it was`, 'E_PACKET_CRC', noisy.toString('hex'));
  if (field === 'version' || field === 'type') return [noise];
  return [noise, { name: `forged ${field}`, about: `one bit of ${field} flipped, the CRC mended`, step: 'verify', code: 'E_PACKET_DIGEST', key, packet: sent(noisy) }];
});

const refused: VectorFile<NegativeVector> = {
  format: 'omniplex/v1/packet',
  about: 'Packets that are refused, each with the code and the step. Unless they are about the CRC their CRC is right, and unless about word 5 so is word 5.',
  vectors: [
    refusal('empty', 'no bytes', 'E_PACKET_LENGTH', ''),
    refusal('short', '191 bytes', 'E_PACKET_LENGTH', single.slice(0, -2)),
    refusal('long', '193 bytes', 'E_PACKET_LENGTH', `${single}00`),
    refusal('zeros', '192 zero bytes, whose CRC is not zero', 'E_PACKET_CRC', '00'.repeat(192)),
    refusal('CRC of 188 bytes', 'the CRC leaves its own field out instead of taking it as zero', 'E_PACKET_CRC', crcWithoutField(single)),
    refusal('CRC in the other byte order', 'little-endian', 'E_PACKET_CRC', single.slice(0, 56) + Buffer.from(single.slice(56, 64), 'hex').reverse().toString('hex') + single.slice(64)),
    ...bitFlips,
    withFields('version 0', 'there is none', { version: 0 }, 'E_PACKET_VERSION'),
    withFields('version 2', 'not known to version 1', { version: 2 }, 'E_PACKET_VERSION'),
    withFields('type 0x00', 'no type has this code', { type: 0 }, 'E_PACKET_TYPE'),
    withFields('type 0x05', 'no type has this code', { type: 5 }, 'E_PACKET_TYPE'),
    withFields('type 0x7f', 'no type has this code', { type: 0x7f }, 'E_PACKET_TYPE'),
    withFields('type 0x85', 'masked, and no type has this code', { type: 0x85 }, 'E_PACKET_TYPE'),
    withFields('plain cover', 'cover exists only masked', { type: 0x3f, flags: 0 }),
    withFlags('hello', 'NewSession with PQ_Priority; the block of a hello is not written in version 1', FLAG.newSession | FLAG.pqPriority, 'E_NOT_IN_VERSION_1', 0x02),
    withFlags('hello with claims alone', 'PQ_Fallback goes with NewSession only', FLAG.pqFallback, 'E_PACKET_FLAGS', 0x02),
    withFlags('rekey', 'its block is not written in version 1', 0, 'E_NOT_IN_VERSION_1', 0x03),
    withFlags('notice', 'its block is not written in version 1', 0, 'E_NOT_IN_VERSION_1', 0x04),
    withFlags('ack', 'ranges are not written in version 1', 0, 'E_NOT_IN_VERSION_1', 0x10),
    withFlags('nack', 'ranges are not written in version 1', 0, 'E_NOT_IN_VERSION_1', 0x11),
    withFlags('masked hello', 'no mask before there is a session', 0, 'E_NOT_IN_VERSION_1', 0x82),
    withFlags('data without a fragment', 'neither single nor part of a stream', FLAG.priority),
    withFlags('start and content', 'only Start and End go together', FLAG.start | FLAG.cont),
    withFlags('content and end', 'only Start and End go together', FLAG.cont | FLAG.end),
    withFlags('all three fragment flags', 'only Start and End go together', FLAG.start | FLAG.cont | FLAG.end),
    withFlags('control in fragments', 'only data comes in fragments', FLAG.start | FLAG.end, 'E_PACKET_FLAGS', 0x20),
    withFlags('NewSession on data', 'no packet but hello may be unkeyed', FLAG.start | FLAG.end | FLAG.newSession),
    withFlags('PQ_Priority alone', 'goes with NewSession only', FLAG.start | FLAG.end | FLAG.pqPriority),
    withFlags('PQ_Fallback alone', 'goes with NewSession only', FLAG.start | FLAG.end | FLAG.pqFallback),
    withFlags('Fec', 'named by the format, not part of version 1', FLAG.start | FLAG.end | FLAG.fec, 'E_NOT_IN_VERSION_1'),
    withFlags('quality of service 3', 'there is none', FLAG.start | FLAG.end | FLAG.qos1 | FLAG.qos2),
    ...[11, 12, 13, 14, 15].map((bit) => withFlags(`reserved flag ${bit}`, 'zero in version 1', FLAG.start | FLAG.end | (1 << bit))),
    withFields('sequence 2^53', 'one more than fits', { sequence: '9007199254740992' }),
    withFields('sequence 2^64-1', 'far more than fits', { sequence: '18446744073709551615' }),
    withFields('expiry past all dates', 'one more than a date can say', { expiresMs: '8640000000000001' }),
    withFields('expiry 2^64-1', 'not another way to say none', { expiresMs: '18446744073709551615' }),
    withFields('single with an index', 'an opening has index 0', { index: 1 }),
    withFields('start with an index', 'an opening has index 0', { flags: FLAG.start, index: 1 }),
    withFields('control with an index', 'it is no fragment', { type: 0x20, flags: 0, index: 1 }),
    withFields('content with index 0', 'only an opening has index 0', { flags: FLAG.cont }),
    withFields('end with index 0', 'only an opening has index 0', { flags: FLAG.end }),
    { name: 'word 5 under another key', about: 'well-formed and not authentic', step: 'verify', code: 'E_PACKET_DIGEST', key: hex('another key', 32), packet: single },
    { name: 'word 5 unkeyed', about: 'plain BLAKE3 of words 0 to 4', step: 'verify', code: 'E_PACKET_DIGEST', key, packet: unkeyed(single) },
    { name: 'word 5 over the CRC', about: 'the CRC field was not zero when word 5 was computed', step: 'verify', code: 'E_PACKET_DIGEST', key, packet: overCrc(single) },
    { name: 'words of another packet', about: 'sender, inbox and block of one packet under word 5 of another', step: 'verify', code: 'E_PACKET_DIGEST', key, packet: patch(single, 96, hex('opening', 32)) },
    { name: 'mask of another key', about: 'the mask key is not this session\'s', step: 'unmask', code: 'E_PACKET_DIGEST', key, maskKey: hex('another mask', 32), packet: maskedSingle },
    { name: 'masked, word 5 of another key', about: 'the mask comes off, word 5 does not hold', step: 'unmask', code: 'E_PACKET_DIGEST', key: hex('another key', 32), maskKey, packet: maskedSingle },
    { name: 'bit under the mask', about: 'one covered bit flipped, the CRC mended', step: 'unmask', code: 'E_PACKET_DIGEST', key, maskKey, packet: patch(maskedSingle, 8, flipped(maskedSingle, 8)) },
    { name: 'masked as another type', about: 'the type is clear but authentic', step: 'unmask', code: 'E_PACKET_DIGEST', key, maskKey, packet: patch(maskedSingle, 1, 'a0') },
    { name: 'mask bit set on a plain packet', about: 'word 5 covers bit 7', step: 'unmask', code: 'E_PACKET_DIGEST', key, maskKey, packet: patch(single, 1, '81') },
    { name: 'reserved flag under a mask', about: 'authentic and still refused', step: 'unmask', code: 'E_PACKET_FLAGS', key, maskKey, packet: packetOf({ ...plainFields, type: 0x81, flags: 0x800 | FLAG.cont, index: 1 }, key, maskKey) },
    { name: 'fragment flags on cover', about: 'authentic and still refused', step: 'unmask', code: 'E_PACKET_FLAGS', key, maskKey, packet: packetOf({ ...plainFields, type: 0xbf, flags: FLAG.start | FLAG.end }, key, maskKey) },
    { name: 'stanza 256', about: 'without a session: no manifest has so many stanzas', step: 'stanza', code: 'E_PACKET_FIELD', packet: packetOf({ ...plainFields, sequence: '256' }, key) },
  ],
};

function crcWithoutField(packet: string): string {
  const bytes = Buffer.from(packet, 'hex');
  bytes.writeUInt32BE(crc32(Buffer.concat([bytes.subarray(0, 28), bytes.subarray(32)])), 28);
  return bytes.toString('hex');
}

function unkeyed(packet: string): string {
  const bytes = Buffer.from(packet, 'hex');
  bytes.writeUInt32BE(0, 28);
  Buffer.from(blake3(Uint8Array.from(bytes.subarray(0, 160)))).copy(bytes, 160);
  return sent(bytes);
}

function overCrc(packet: string): string {
  const bytes = Buffer.from(packet, 'hex');
  keyed(key, bytes.subarray(0, 160)).copy(bytes, 160);
  return sent(bytes);
}

function flipped(packet: string, at: number): string {
  return (Buffer.from(packet, 'hex').readUInt8(at) ^ 1).toString(16).padStart(2, '0');
}

export const files = { 'plain.json': plain, 'masked.json': masked, 'sessionless.json': sessionless, 'announcements.json': announcements(), 'refused.json': refused } as const;

export const textOf = (file: unknown): string => `${JSON.stringify(file, null, 2)}\n`;

if (import.meta.main) {
  for (const [name, file] of Object.entries(files)) writeFileSync(join(import.meta.dirname, name), textOf(file));
}
