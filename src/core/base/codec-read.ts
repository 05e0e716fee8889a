/**
 * Reads dag-cbor with the library, and text more strictly than it does: the library drops a byte order mark (U+FEFF) at the start of a text,
 * so that a file whose name begins with one could be sealed and never opened, and puts U+FFFD where bytes are not UTF-8.
 * What it does not promise: canonical form, or our model. `decode` in codec.ts is the door.
 */
import { decodeOptions } from '@ipld/dag-cbor';
import { decode, Tokenizer, type Token } from 'cborg';
import { textOf, type Bytes } from './bytes.ts';

const OPTIONS = { ...decodeOptions, retainStringBytes: true };

class ExactTextTokenizer extends Tokenizer {
  override next(): Token {
    const token = super.next();
    if (token.byteValue !== undefined) token.value = textOf(token.byteValue);
    return token;
  }
}

/** Throws the library's errors, and TypeError on text that is not UTF-8. The byte strings in the answer are copies. */
export function read(bytes: Bytes): unknown {
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return decode(plain, { ...OPTIONS, tokenizer: new ExactTextTokenizer(plain, OPTIONS) });
}
