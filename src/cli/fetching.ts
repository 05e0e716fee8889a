/** From the flags of `fetch` to the core's request: where the plaintext goes, the message passphrase, progress. */
import { fail } from '../core/base/errors.ts';
import type { Cid } from '../core/base/cid.ts';
import { looksBinary, type FetchTarget } from '../core/mail/output.ts';
import type { FetchResult } from '../core/mail/fetch.ts';
import type { Outcome } from '../core/mail/outcome.ts';
import type { Session } from './session.ts';
import type { ByteRange } from './shared.ts';

export interface FetchFlags {
  readonly out: string | undefined;
  readonly range: ByteRange | undefined;
  readonly ack: boolean;
  readonly ephemeral: boolean;
  readonly 'message-passphrase-file': string | undefined;
  readonly 'allow-unverified': boolean;
}

export async function fetchTo(session: Session, cid: Cid, flags: FetchFlags): Promise<Outcome<FetchResult>> {
  const app = await session.app();
  const progress = await session.progress({ what: 'fetching', unit: 'bytes' });
  const { range, ack, ephemeral } = flags;
  return app.fetch({
    ...{ cid, to: await targetOf(session, flags.out), ack, ephemeral, allowUnverified: flags['allow-unverified'] },
    ...(range !== undefined && { range: { start: range.first, end: range.last + 1 } }),
    ...(await passphraseOf(session, flags)),
    onProgress: (bytes, total) => progress.at(bytes, total),
  });
}

/** Without --out the sender's name decides, cleaned, in this folder. Binary content is refused to a terminal before any of it is shown. */
async function targetOf(session: Session, out: string | undefined): Promise<FetchTarget> {
  if (out === undefined) return { kind: 'folder', path: process.cwd() };
  if (out !== '-') return { kind: 'path', path: out };
  const artifact = await session.artifact('-');
  let first = true;
  return {
    kind: 'stream',
    write: async (piece) => {
      if (first && session.output.stdoutIsTerminal && looksBinary(piece)) throw fail('E_BINARY_TTY');
      first = false;
      await artifact.write(piece);
    },
  };
}

async function passphraseOf(session: Session, flags: FetchFlags) {
  if (flags['message-passphrase-file'] === undefined) return {};
  const { Passphrase } = await import('../core/message/passphrase.ts');
  const passphrase = new Passphrase(await (await session.app()).crypto(), await session.messagePassphrase());
  session.atEnd(() => passphrase[Symbol.dispose]());
  return { passphrase };
}
