/**
 * A secret is a type of its own: it does not print, does not serialise, and can be wiped.
 * JavaScript strings can never be wiped, and a KeyObject keeps its own copy: SECURITY.md says what that means.
 */
import { inspect } from 'node:util';
import { wipe, type Bytes } from './bytes.ts';

export class Secret implements Disposable {
  readonly #bytes: Bytes;
  #wiped = false;

  /** Takes ownership: the caller must not keep `bytes`. */
  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  /** The bytes themselves, for a crypto call. Throws when already wiped: that is a bug. */
  expose(): Bytes {
    if (this.#wiped) throw new Error('secret used after it was wiped');
    return this.#bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  wipe(): void {
    wipe(this.#bytes);
    this.#wiped = true;
  }

  [Symbol.dispose](): void {
    this.wipe();
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
