/** The golden vectors of the encoding that all structured blocks share. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOfHex, hexOf } from '../../../src/core/base/bytes.ts';
import { decode, encode } from '../../../src/core/base/codec.ts';
import { encodingFile } from './encoding.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', 'vectors', 'encoding.json'), 'utf8');
const { vectors } = JSON.parse(text) as { vectors: ReadonlyArray<{ about: string; bytes: string; code?: string; text?: string }> };

describe('the encoding', () => {
  it('has the file that its generator makes', () => {
    expect(text).toBe(encodingFile());
  });

  it.each(vectors)('$about', ({ bytes, code, text: said }) => {
    const read = () => decode('vector', bytesOfHex(bytes));
    if (code !== undefined) {
      expect(read).toThrow(expect.objectContaining({ code }));
      return;
    }
    expect(hexOf(encode(read()))).toBe(bytes);
    if (said !== undefined) expect(read()).toBe(said);
  });
});
