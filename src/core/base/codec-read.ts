/**
 * Reads dag-cbor with the library, and text more strictly than it does: the library drops a byte order mark (U+FEFF) at the start of a text,
 * so that a file whose name begins with one could be sealed and never opened, and puts U+FFFD where bytes are not UTF-8.
 * What it does not promise: canonical form, or our model. `decode` in codec.ts is the door.
 */
import { decodeOptions } from '@ipld/dag-cbor';
import { decode, Tokenizer, Type, type Token } from 'cborg';
import { textOf, type Bytes } from './bytes.ts';

const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);
const REPLACEMENT = '\ufffd';
/** Bytes of a head by the low five bits of its first byte (RFC 8949, 3). */
const headBytes = (first: number): number => 1 + ({ 24: 1, 25: 2, 26: 4, 27: 8 }[first & 0x1f] ?? 0);

class ExactTextTokenizer extends Tokenizer {
  override next(): Token {
    const start = this.pos();
    const token = super.next();
    if (token.type !== Type.string) return token;
    const text = this.data.subarray(start + headBytes(this.data[start] as number), this.pos());
    if (BYTE_ORDER_MARK.every((byte, i) => text[i] === byte) || (token.value as string).includes(REPLACEMENT)) token.value = textOf(text);
    return token;
  }
}

/** Throws the library's errors, and TypeError on text that is not UTF-8. */
export const read = (bytes: Bytes): unknown => decode(bytes, { ...decodeOptions, tokenizer: new ExactTextTokenizer(bytes, decodeOptions) });
