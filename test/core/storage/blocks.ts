/** Blocks, announcements and codes for the tests of the store. */
import { expect } from 'vitest';
import type { ErrorCode } from '../../../src/core/base/errors.ts';

export * from './seeds.ts';

export const rejectsWith = (promise: Promise<unknown>, code: ErrorCode): Promise<void> => expect(promise).rejects.toMatchObject({ code });
