/** A throw-away store. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createStore, openStore, type Store, type StoreOptions } from '../../../src/core/storage/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { freshFolder } from '../../support/folder.ts';

export * from './messages.ts';

export interface StoreUnderTest {
  readonly store: Store;
  readonly path: string;
  readonly clock: ManualClock;
  /** The same store as another process has it. */
  open(options?: StoreOptions): Promise<Store>;
}

export async function freshStore(options: StoreOptions = {}): Promise<StoreUnderTest> {
  const path = join(await freshFolder(), 'store');
  const clock = new ManualClock();
  await createStore(path, { clock });
  const open = async (more: StoreOptions = {}) => {
    const store = await openStore(path, { clock, holder: 'test', ...options, ...more });
    onTestFinished(() => store.close());
    return store;
  };
  return { path, clock, open, store: await open() };
}
