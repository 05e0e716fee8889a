/** Dates that no calendar has: an integer may be larger than a date can say, and whoever showed it would fail. They are refused where they come in. */
import { describe, expect, it } from 'vitest';
import { TIME_MS_MAX } from '../../../src/core/base/clock.ts';
import { encode, Reader } from '../../../src/core/base/codec.ts';
import { cidOf, DAG_CBOR } from '../../../src/core/base/cid.ts';
import { signAll } from '../../../src/core/crypto/index.ts';
import { decodeRevocation } from '../../../src/core/identity/revocation.ts';
import { decodeReceipt } from '../../../src/core/message/index.ts';
import { forge } from './forge.ts';
import { alice, codeOf, fromAlice, native, open, sample, seal, seedOf } from './support.ts';

describe('a time', () => {
  it.each([0, 1, TIME_MS_MAX])('of %d is one', (at) => {
    expect(new Reader('x', { at }).time('at')).toBe(at);
  });

  it.each([TIME_MS_MAX + 1, Number.MAX_SAFE_INTEGER])('of %d is none', async (at) => {
    expect(await codeOf(() => new Reader('x', { at }).time('at'))).toBe('E_FORMAT');
  });
});

it('a message whose dates nobody can show does not open, although its sender signed them', async () => {
  const original = await seal(fromAlice(), sample(10));
  for (const field of ['createdMs', 'expiresMs'] as const) {
    const forged = forge(original, { metadata: (metadata) => ({ ...metadata, [field]: TIME_MS_MAX + 1 }), signAs: alice.sender });
    expect(await codeOf(() => open(forged.cid, forged.bytes))).toBe('E_FORMAT');
  }
});

it('neither is a receipt or a revocation of such a date one', async () => {
  const of = cidOf(DAG_CBOR, seedOf('message'));
  expect(await codeOf(() => decodeReceipt(encode({ v: 1, of, state: 'opened', at: TIME_MS_MAX + 1 })))).toBe('E_FORMAT');
  const signatures = { ...signAll(native, alice.sender.signingKeys, 'revocation', seedOf('x')) };
  expect(await codeOf(() => decodeRevocation(encode({ v: 1, id: of, reason: 'lost', at: TIME_MS_MAX + 1, signatures })))).toBe('E_FORMAT');
});
