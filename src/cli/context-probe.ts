/** Tries a context live: does each thing that it names answer? Opens no private key and changes nothing. */
import type { Values } from '../core/base/config.ts';
import { isError, type OmniplexError } from '../core/base/errors.ts';
import { modeOf } from '../core/base/files.ts';
import { fail } from '../core/base/errors.ts';
import { registered } from './bug.ts';
import type { Session } from './session.ts';

export interface Probe {
  readonly what: 'home' | 'store' | 'node' | 'identity' | 'token-file';
  readonly name: string;
  readonly ok: boolean;
  readonly code: string | null;
  readonly text: string;
}

interface Trial {
  readonly what: Probe['what'];
  readonly name: string;
  readonly try: () => Promise<string>;
}

function trialsOf(values: Values, session: Session): readonly Trial[] {
  const app = session.appOf(values);
  const { home, store, node, as, 'token-file': tokenFile } = values;
  const identities = async () => (await app).identities();
  const trials: readonly (Trial | undefined)[] = [
    { what: 'home', name: home, try: async () => ((await (await app).home()), 'opens') },
    store === undefined ? undefined : { what: 'store', name: store, try: async () => ((await (await app).store()), 'opens') },
    node === undefined ? undefined : { what: 'node', name: node, try: async () => Promise.reject(fail('E_NOT_SUPPORTED', { what: 'a node', backend: 'this release: name a store' })) },
    as === undefined ? undefined : { what: 'identity', name: as, try: async () => `is there: ${(await identities()).show(as).name}` },
    tokenFile === undefined ? undefined : { what: 'token-file', name: tokenFile, try: () => tokenTrial(tokenFile) },
  ];
  return trials.filter((trial) => trial !== undefined);
}

/** Whether it could be read as a secret; its content is not looked at. */
async function tokenTrial(path: string): Promise<string> {
  const mode = await modeOf(path).catch(() => {
    throw fail('E_NOT_FOUND', { what: path, hint: 'It is the token-file of the context: `omniplex context set NAME token-file=FILE` names another.' });
  });
  if ((mode & 0o077) !== 0) throw fail('E_MODE', { path, mode: mode.toString(8).padStart(4, '0') });
  return 'is there';
}

/** Every thing is tried, whatever the others answered. */
export async function probe(values: Values, session: Session): Promise<{ readonly probes: readonly Probe[]; readonly error: OmniplexError | undefined }> {
  const probes: Probe[] = [];
  let error: OmniplexError | undefined;
  for (const { what, name, try: act } of trialsOf(values, session)) {
    session.signal.throwIfAborted();
    try {
      probes.push({ what, name, ok: true, code: null, text: await act() });
    } catch (thrown) {
      const failed = isError(thrown) ? thrown : registered(thrown);
      error ??= failed;
      probes.push({ what, name, ok: false, code: failed.code, text: failed.message });
    }
  }
  return { probes, error };
}
