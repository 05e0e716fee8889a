/** Files with bundles, as arguments name them: paths, or - for stdin. An address is for resolvers, which a later release has. */
import type { Bytes } from '../core/base/bytes.ts';
import { fail } from '../core/base/errors.ts';
import type { BundleSource } from '../core/identity/bundle-sources.ts';
import type { Session } from './session.ts';

const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//;

async function* readPath(path: string, signal: AbortSignal): AsyncGenerator<Bytes> {
  const { fileInput } = await import('../core/mail/input.ts');
  for await (const piece of (await fileInput(path)).open(signal)) yield piece.slice();
}

/** Throws E_NOT_SUPPORTED (an address), E_USAGE (stdin twice, or a terminal). Opens nothing yet. */
export const bundleSources = (session: Session, paths: readonly string[]): readonly BundleSource[] => paths.map((path) => bundleSource(session, path));

export function bundleSource(session: Session, path: string): BundleSource {
  if (ADDRESS.test(path)) throw fail('E_NOT_SUPPORTED', { what: 'a bundle from an address', backend: 'this release: name a file' });
  if (path !== '-') return { place: path, open: () => readPath(path, session.signal) };
  const stdin = session.claimStdin('-');
  if (stdin.isTTY) throw fail('E_USAGE', { why: '- is stdin, which is your keyboard here: pipe a bundle into it' });
  return { place: 'stdin', open: () => session.stdinPieces('-') };
}
