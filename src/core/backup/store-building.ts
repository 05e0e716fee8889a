/** A store that is built beside its name and moved there whole. */
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { hexOf } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { fail } from '../base/errors.ts';
import { fileError, isMissing, makePrivateFolder, syncFolder } from '../base/files.ts';
import type { Rng } from '../base/rng.ts';
import type { StoreContext } from '../storage/context.ts';
import { createStore, openStore } from '../storage/store.ts';
import { StoreRestorer } from './store-part.ts';

export class StoreBuilding {
  readonly restorer: StoreRestorer;
  readonly #path: string;
  readonly #temporary: string;
  readonly #store: { close(): Promise<void> };
  #at: string;

  private constructor(path: string, temporary: string, store: StoreContext & { close(): Promise<void> }) {
    this.#path = path;
    this.#temporary = temporary;
    this.#at = temporary;
    this.#store = store;
    this.restorer = new StoreRestorer(store);
  }

  /** Throws E_EXISTS when there is something under that name but an empty folder. */
  static async begin(path: string, clock: Clock, rng: Rng): Promise<StoreBuilding> {
    const whole = resolve(path);
    const there = await readdir(whole).catch((cause: unknown) => {
      if (isMissing(cause)) return [];
      throw (cause as NodeJS.ErrnoException).code === 'ENOTDIR' ? fail('E_EXISTS', { path: whole }, cause) : fileError(whole, cause);
    });
    if (there.length > 0) throw fail('E_EXISTS', { path: whole, hint: 'Nothing is overwritten: name a new place with --store.' });
    const temporary = join(dirname(whole), `.${basename(whole).slice(0, 100)}.${hexOf(rng.bytes(8))}.part`);
    await makePrivateFolder(dirname(whole));
    try {
      await createStore(temporary, { clock, rng });
      return new StoreBuilding(whole, temporary, await openStore(temporary, { clock, rng, holder: 'backup restore', hotBudgetBytes: Number.MAX_SAFE_INTEGER }));
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  }

  async commit(): Promise<void> {
    await this.#store.close();
    try {
      await rename(this.#temporary, this.#path);
      this.#at = this.#path;
      await syncFolder(dirname(this.#path));
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      throw code === 'ENOTEMPTY' || code === 'ENOTDIR' ? fail('E_EXISTS', { path: this.#path }, cause) : fileError(this.#path, cause);
    }
  }

  /** Also takes back what `commit` has named, when the home that belongs to it failed after all. */
  async abandon(): Promise<void> {
    await this.#store.close();
    await rm(this.#at, { recursive: true, force: true });
  }
}
