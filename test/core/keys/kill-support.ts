/** The few things that the child process shares with the tests; it must not load vitest. */
import { bytesOf } from '../../../src/core/base/bytes.ts';
import { Secret } from '../../../src/core/base/secret.ts';

export const cheapKdf = { memoryKib: 8, passes: 1, lanes: 1 } as const;
export const secretOf = (text: string): Secret => new Secret(bytesOf(text));
