/** What a use case answers. Its result is what scripts get as JSON: plain values, CIDs and times as text. */
import type { OmniplexError } from '../base/errors.ts';

export interface Outcome<T> {
  readonly result: T;
  /** False when everything was as it should be already. */
  readonly changed: boolean;
  /** The work stands, and this part of the wish does not. */
  readonly error?: OmniplexError;
}

export const outcome = <T>(result: T, changed: boolean, error?: OmniplexError): Outcome<T> => ({ result, changed, ...(error !== undefined && { error }) });
