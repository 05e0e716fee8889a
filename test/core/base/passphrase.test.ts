import { expect, it } from 'vitest';
import { isShortPassphrase, requireNewPassphrase } from '../../../src/core/base/passphrase.ts';
import { limits } from '../../../src/core/base/limits.ts';
import { Secret } from '../../../src/core/base/secret.ts';
import { secretOf } from '../../support/home.ts';

const min = limits.newPassphraseCharsMin;

it.each([
  ['nothing', '', true],
  ['three letters', 'abc', true],
  ['one too few', 'x'.repeat(min - 1), true],
  ['just enough', 'x'.repeat(min), false],
  ['few characters of many bytes', '🔑'.repeat(min - 1), true],
  ['enough characters of many bytes', '鍵'.repeat(min), false],
])('%s', (_, text, isShort) => {
  expect(isShortPassphrase(secretOf(text))).toBe(isShort);
  const act = () => requireNewPassphrase(secretOf(text), 'a test');
  if (isShort) expect(act).toThrow(expect.objectContaining({ code: 'E_PASSPHRASE_SHORT', details: { what: 'a test', min } }));
  else expect(act).not.toThrow();
});

it('counts the bytes of a key file, which is no text', () => {
  expect(isShortPassphrase(new Secret(new Uint8Array(min).fill(0xff)))).toBe(false);
  expect(isShortPassphrase(new Secret(new Uint8Array(min - 1).fill(0xff)))).toBe(true);
});
