/** What the argument of `inspect` means: stdin, a CID in the store, or a file. */
import { parseCid, type Cid } from '../core/base/cid.ts';
import { fail, isError } from '../core/base/errors.ts';
import { inspectCid, inspectFile, inspectPieces, type InspectAnswer, type InspectOptions } from '../core/inspect/index.ts';
import type { Session } from './session.ts';

/** Throws E_NOT_FOUND, E_CID_INVALID (begins like a CID, and no such file), E_USAGE (a terminal, a folder), and what inspecting throws. */
export async function inspecting(session: Session, what: string): Promise<InspectAnswer> {
  const app = await session.app();
  const progress = await session.progress({ what: 'reading', unit: 'bytes' });
  const options: InspectOptions = { crypto: () => app.crypto(), signal: session.signal, onProgress: (bytes) => progress.at(bytes) };
  if (what === '-') {
    const stdin = session.claimStdin('-');
    if (stdin.isTTY) throw fail('E_USAGE', { why: '- is stdin, which is your keyboard here: pipe a file into it' });
    return inspectPieces(session.stdinPieces('-'), 'stdin', options);
  }
  const cid = cidIn(what);
  if (cid !== undefined) return inspectCid(await app.store(), cid, options);
  try {
    return await inspectFile(what, options);
  } catch (error) {
    if (isError(error, 'E_NOT_FOUND') && /^baf[a-z2-7]{20,}$/.test(what)) throw fail('E_CID_INVALID', { cid: what.slice(0, 120) }, error);
    throw error;
  }
}

function cidIn(what: string): Cid | undefined {
  try {
    return parseCid(what);
  } catch {
    return undefined;
  }
}
