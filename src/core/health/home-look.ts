/**
 * Can this home act at all? What shows of that without a passphrase and without a write, for the doctor and the checks alike.
 * What it does not promise: that the passphrase is the right one, or that a store without its note would have told.
 */
import { isError, type ErrorCode, type OmniplexError } from '../base/errors.ts';
import type { Home } from '../home/index.ts';
import { mayBeCopied, requireNotOvertaken, requireOriginalPlace } from '../home/witness.ts';
import { readKeyring } from '../keys/index.ts';
import type { Store } from '../storage/store.ts';

/** With one of these, every command that needs a key is refused. */
const STOPS: readonly ErrorCode[] = ['E_NO_KEYRING', 'E_KEYRING', 'E_MODE', 'E_HOME_COPIED', 'E_MAC'];

export interface Original {
  /** Why the store was not asked whether another home has taken over. */
  readonly blind?: OmniplexError;
}

/** Throws E_HOME_COPIED (a copy, rolled back, or overtaken by a restored home), E_MAC (the store's note of it is forged). */
export async function lookAtOriginal(home: Home, store: () => Promise<Store>): Promise<Original> {
  await requireOriginalPlace(home);
  if (mayBeCopied(home)) return {};
  try {
    await requireNotOvertaken(home, (await store()).hot);
    return {};
  } catch (error) {
    // whatever else it is, it is the store's
    if (!isError(error) || isError(error, 'E_HOME_COPIED', 'E_MAC')) throw error;
    return { blind: error };
  }
}

/** All that keeps the identities of this home from acting. Throws what keeps it from looking. */
export async function stopsOf(home: Home, store: () => Promise<Store>): Promise<Original & { readonly stops: readonly OmniplexError[] }> {
  const stops: OmniplexError[] = [];
  const look = async <T>(act: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await act();
    } catch (error) {
      if (!isError(error, ...STOPS)) throw error;
      stops.push(error);
      return undefined;
    }
  };
  await look(() => readKeyring(home));
  return { ...(await look(() => lookAtOriginal(home, store))), stops };
}
