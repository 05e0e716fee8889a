import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/base/limits.ts';
import { parseOperationId, parsePlain } from '../../../src/core/base/printable.ts';

const usage = expect.objectContaining({ code: 'E_USAGE' }) as unknown;

/** Each ends a line, is obeyed by a terminal, or turns a line around. */
const BREAKING = ['\n', '\r', '\t', '\0', '\u001b', '\u007f', '\u0085', '\u009b', '\u2028', '\u2029', '\u202e', '\u2066', '\u200f', '\ud800', '\udfff'];
/** Each has no width, so that two keys would look the same. */
const INVISIBLE = ['\u200b', '\u200d', '\u2060', '\u00ad', '\ufeff', '\u{e0041}'];
const shown = (text: string): string => JSON.stringify(text);

describe('the key of an --id', () => {
  it.each(['a', 'plan-1', 'release 4.2.0', 'r/2026-11/№ 7', 'отчёт', '計画', '🗝', 'x'.repeat(limits.operationIdCharsMax)])('may be %s', (id) => {
    expect(parseOperationId(id)).toBe(id);
  });

  it.each(['', ' ', ' a', 'a ', 'a\u00a0', 'x'.repeat(limits.operationIdCharsMax + 1)])('may not be %j', (id) => {
    expect(() => parseOperationId(id)).toThrow(usage);
  });

  it.each([...BREAKING, ...INVISIBLE].map(shown))('has no %s, wherever it stands, and no refusal repeats it', (quoted) => {
    const character = JSON.parse(quoted) as string;
    for (const id of [character, `${character}hunter2`, `hun${character}ter2`, `hunter2${character}`]) {
      expect(() => parseOperationId(id)).toThrow(usage);
      expect(() => parseOperationId(id)).not.toThrow(/hun|ter2/);
    }
  });
});

describe('a name that is looked up', () => {
  it.each(['', 'bob', './a folder/b.bundle', 'group:x', 'Ł', 'می\u200cخواهم.bundle', ' '])('may be %j', (name) => {
    expect(parsePlain(name)).toBe(name);
  });

  it.each([...BREAKING, ...BREAKING.map((one) => `bo${one}b`)].map(shown))('may not be %s', (quoted) => {
    expect(() => parsePlain(JSON.parse(quoted) as string)).toThrow(usage);
  });
});
