/**
 * Reads dag-cbor with the library, and more strictly than it does. The library drops a byte order mark (U+FEFF) at the start of a text, so that
 * a file whose name begins with one could be sealed and never opened, and puts U+FFFD where bytes are not UTF-8; it takes a float for the
 * integer that it equals, and `undefined` for null, which only the comparison of the bytes would find, under another code.
 * What it does not promise: canonical form, or our model. `decode` in codec.ts is the door.
 */
import { decodeOptions } from '@ipld/dag-cbor';
import { decode, Tokenizer, Type, type Token } from 'cborg';
import { textOf, type Bytes } from './bytes.ts';

const OPTIONS = { ...decodeOptions, retainStringBytes: true, allowUndefined: false, coerceUndefinedToNull: false };

class ExactTokenizer extends Tokenizer {
  override next(): Token {
    const token = super.next();
    if (Type.equals(token.type, Type.float)) throw new TypeError('a float');
    if (token.byteValue !== undefined) token.value = textOf(token.byteValue);
    return token;
  }
}

/** Throws the library's errors, and TypeError on text that is not UTF-8, and on floats. The byte strings in the answer are copies. */
export function read(bytes: Bytes): unknown {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return decode(plain, { ...OPTIONS, tokenizer: new ExactTokenizer(plain, OPTIONS) });
}
