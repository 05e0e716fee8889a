/**
 * The block that opens a stream: salt and stanzas, ahead of the content, so that a receiver can check the packets and fetch
 * while the sender still reads. What it does not promise: anything about the content. The manifest at the end does.
 * Spec: docs/PROTOCOL.md, Streams.
 */
import { equalBytes, type Bytes } from '../base/bytes.ts';
import type { Block } from '../base/block.ts';
import { decode, encode, encodeBlock, Reader, type Value } from '../base/codec.ts';
import { fail } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { MESSAGE_SALT_BYTES } from './keys.ts';
import type { ManifestCore } from './manifest.ts';
import { decodeStanzas, encodeStanza } from './stanza.ts';

const VERSION = 1;

export type Opening = Pick<ManifestCore, 'salt' | 'stanzas'>;

const fields = ({ salt, stanzas }: Opening): Value => ({ v: VERSION, salt, stanzas: stanzas.map(encodeStanza) });

export const encodeOpening = (opening: Opening): Block => encodeBlock(fields(opening));

/** Hostile input: any bytes. Throws E_FORMAT, E_NOT_CANONICAL, E_CID_INVALID, E_VERSION_NEWER or E_NOT_IN_VERSION_1. */
export function decodeOpening(bytes: Bytes): Opening {
  const reader = new Reader('opening block', decode('opening block', bytes));
  reader.version(VERSION);
  const opening = { salt: reader.bytes('salt', MESSAGE_SALT_BYTES), stanzas: decodeStanzas(reader.list('stanzas', limits.recipientsMax)) };
  reader.done();
  return opening;
}

/** Throws E_MAC unless the manifest at the end of a stream belongs to the opening at its start. */
export function checkOpening(opening: Opening, manifest: ManifestCore): void {
  if (!equalBytes(encode(fields(opening)), encode(fields(manifest)))) throw fail('E_MAC', { kind: 'stream' });
}
