import { describe, expect, it } from 'vitest';
import { isZero } from '../../../src/core/base/bytes.ts';

describe('isZero', () => {
  it('finds a one wherever it is, in views too', () => {
    expect(isZero(new Uint8Array(0))).toBe(true);
    expect(isZero(Uint8Array.of(0))).toBe(true);
    expect(isZero(Uint8Array.of(1))).toBe(false);
    expect(isZero(Uint8Array.of(7, 7, 7))).toBe(false);
    const whole = new Uint8Array(100).fill(9);
    const view = whole.subarray(10, 90).fill(0);
    expect(isZero(view)).toBe(true);
    for (let i = 0; i < view.length; i++) {
      view[i] = 1;
      expect(isZero(view)).toBe(false);
      view[i] = 0;
    }
  });
});
