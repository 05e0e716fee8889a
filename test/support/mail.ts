/** Operators who write to each other: a home each, one store, identities whose passphrase is cheap to stretch. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/base/clock.ts';
import type { Warning } from '../../src/core/base/errors.ts';
import { systemRng } from '../../src/core/base/rng.ts';
import { createHome } from '../../src/core/home/index.ts';
import { decodeBundleFile } from '../../src/core/identity/index.ts';
import type { CreateIdentity } from '../../src/core/identity/identities.ts';
import { OmniPlex, type OmniPlexOptions } from '../../src/core/omniplex.ts';
import { createStore } from '../../src/core/storage/store.ts';
import { freshFolder } from './folder.ts';
import { cheapKdf, freshRing, secretOf } from './home.ts';

export interface Operator {
  readonly name: string;
  readonly home: string;
  readonly app: OmniPlex;
  readonly warnings: Warning[];
  /** Another program of the same operator: its own connection to home and store. */
  again(options?: Partial<OmniPlexOptions>): Promise<OmniPlex>;
}

export interface World {
  readonly folder: string;
  readonly store: string;
  operator(name: string, options?: Partial<OmniPlexOptions> & CreateIdentity): Promise<Operator>;
}

export async function freshWorld(): Promise<World> {
  const folder = await freshFolder();
  const store = join(folder, 'store');
  await createStore(store);
  const operator: World['operator'] = async (name, { sendOnly, algorithms, prekeysUntilMs, ...options } = {}) => {
    const home = join(folder, `home-${name}`);
    const made = await createHome(home, { clock: options.clock ?? systemClock, rng: systemRng });
    // Below the library, which refuses a new passphrase as short as a name.
    if (options.passphrase === undefined) (await freshRing(made, name)).lock();
    made.close();
    const warnings: Warning[] = [];
    const again: Operator['again'] = async (more = {}) => {
      const app = await OmniPlex.open({ home, store, passphrase: async () => secretOf(name), kdf: cheapKdf, onWarning: (told) => warnings.push(told), ...options, ...more });
      onTestFinished(() => app.close());
      return app;
    };
    const app = await again();
    await (await app.identities()).create(name, { ...(sendOnly !== undefined && { sendOnly }), ...(algorithms && { algorithms }), ...(prekeysUntilMs !== undefined && { prekeysUntilMs }) });
    return { name, home, app, warnings, again };
  };
  return { folder, store, operator };
}

/** `knower` has `known` as a contact of that name, verified unless said otherwise. */
export async function introduce(knower: Operator, known: Operator, { verified = true, name = known.name } = {}): Promise<void> {
  const { bytes, identity } = await (await known.app.identities()).exportBundle(known.name);
  const contacts = await knower.app.contacts();
  contacts.add([{ introduction: await decodeBundleFile(await knower.app.crypto(), bytes), name }]);
  if (verified) contacts.verify(name, identity.fingerprint, 'words');
}
