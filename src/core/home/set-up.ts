/**
 * The two folders that an operator begins with: a home and a store. What is there already is opened and left as it is; what is
 * missing is made. Both places are looked at before either is made, so that a wrong one leaves nothing behind.
 */
import { readdir } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { fail, isError } from '../base/errors.ts';
import { exists, fileError, isMissing } from '../base/files.ts';
import { requireTrustedFilesystem } from '../base/filesystem.ts';
import type { Rng } from '../base/rng.ts';
import { layoutOf, readDescription } from '../storage/layout.ts';
import { createStore } from '../storage/store.ts';
import { createHome, HOME_MARKER, openHome } from './home.ts';

export interface SetUp {
  /** Both absolute. */
  readonly home: string;
  readonly store: string;
  readonly clock: Clock;
  readonly rng: Rng;
}

export interface SetUpResult {
  readonly home: { readonly path: string; readonly created: boolean; readonly identities: number };
  readonly store: { readonly path: string; readonly created: boolean; readonly id: string };
}

/** Throws E_USAGE (one inside the other), E_EXISTS (a folder with something else in it), E_FILESYSTEM, E_MODE, E_DISK_FULL, and what opening throws. */
export async function setUp({ home, store, clock, rng }: SetUp): Promise<SetUpResult> {
  requireApart(home, store);
  const [homeIsThere, storeIsThere] = [await lookAtHome(home, { clock, rng }), await lookAtStore(store)];
  const opened = homeIsThere ? await openHome(home, { clock, rng }) : await createHome(home, { clock, rng });
  const identities = opened.people.identities.count('true');
  opened.close();
  const { id } = storeIsThere ? await readDescription(layoutOf(store)) : await createStore(store, { clock, rng });
  return { home: { path: home, created: !homeIsThere, identities }, store: { path: store, created: !storeIsThere, id } };
}

/** A store is shared and a home is not: they must be two folders. Throws E_USAGE. */
export function requireApart(home: string, store: string): void {
  const inside = (inner: string, outer: string): boolean => {
    const way = relative(outer, inner);
    return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  };
  if (inside(home, store) || inside(store, home)) throw fail('E_USAGE', { why: 'home and store must be two folders, neither of them inside the other' });
}

/** True when a home is there and opens, false when one can be made there. Throws why neither is so. */
export async function lookAtHome(path: string, options: Pick<SetUp, 'clock' | 'rng'>): Promise<boolean> {
  try {
    (await openHome(path, options)).close();
    return true;
  } catch (error) {
    // An empty folder is taken whatever its mode: the home that replaces it is private.
    if (!isError(error, 'E_NO_HOME', 'E_MODE') || (await exists(join(path, HOME_MARKER)))) throw error;
  }
  await requireEmpty(path, []);
  await requireTrustedFilesystem(path);
  return false;
}

/** As `lookAtHome`. A store whose making was cut short may be gone on with. */
export async function lookAtStore(path: string): Promise<boolean> {
  const layout = layoutOf(path);
  try {
    await readDescription(layout);
    return true;
  } catch (error) {
    if (!isError(error, 'E_NO_STORE')) throw error;
  }
  const own = Object.values(layout).map((file) => relative(path, file).split(sep)[0] ?? '');
  await requireEmpty(path, own);
  await requireTrustedFilesystem(path);
  return false;
}

/** Throws E_EXISTS when something else than `own` lies there. */
async function requireEmpty(path: string, own: readonly string[]): Promise<void> {
  let names: readonly string[];
  try {
    names = await readdir(path);
  } catch (cause) {
    if (isMissing(cause)) return;
    throw (cause as NodeJS.ErrnoException).code === 'ENOTDIR' ? fail('E_EXISTS', { path }, cause) : fileError(path, cause);
  }
  const belongs = (name: string): boolean => own.some((one) => name === one || name.startsWith(`${one}-`) || name.startsWith(`.${one}.`));
  if (names.some((name) => !belongs(name))) throw fail('E_EXISTS', { path });
}
