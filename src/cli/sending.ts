/** From the flags of `send` to the core's requests: input, recipients, passphrase, progress, and the question about unverified contacts. */
import { resolve } from 'node:path';
import { bytesOf, textOf } from '../core/base/bytes.ts';
import { fail, isError, type OmniplexError } from '../core/base/errors.ts';
import { readBounded } from '../core/base/files.ts';
import { limits } from '../core/base/limits.ts';
import { fileInput, streamInput, type PlainInput } from '../core/mail/input.ts';
import type { SendOptions, SendResult } from '../core/mail/send-types.ts';
import type { BatchItem, BatchResult } from '../core/mail/batch-types.ts';
import type { Outcome } from '../core/mail/outcome.ts';
import type { Artifact } from './artifact.ts';
import type { Session } from './session.ts';

export interface SendFlags {
  readonly to: readonly string[] | undefined;
  readonly 'to-file': string | undefined;
  readonly id: string | undefined;
  readonly durability: SendOptions['durability'];
  readonly out: string | undefined;
  readonly name: string | undefined;
  readonly receipt: SendOptions['receipt'];
  readonly wait: 'received' | 'opened' | undefined;
  readonly expires: string | undefined;
  readonly qos: '0' | '1' | '2' | undefined;
  readonly priority: boolean;
  readonly pad: SendOptions['padding'];
  readonly stream: boolean;
  readonly introduce: boolean;
  readonly 'allow-unverified': boolean;
  readonly 'message-passphrase-file': string | undefined;
}

/** Sends one file or stdin; with --wait, waits for what the recipients answer, and asks them to. */
export async function sendFile(session: Session, file: string, flags: SendFlags & { readonly timeoutMs?: number | undefined }): Promise<Outcome<SendResult>> {
  const app = await session.app();
  const into = flags.out === '-' ? await session.artifact('-', { binary: true }) : undefined;
  const input = await inputOf(session, file, flags.name);
  const request = { ...(await optionsOf(session, flags)), input, to: await recipientsOf(flags), id: flags.id, name: flags.name, stream: flags.stream, out: into === undefined ? flags.out : undefined };
  const progress = await session.progress({ what: `sealing ${input.name ?? 'stdin'}`, unit: 'bytes', total: input.bytes });
  const stored = await withConsent(session, flags, (allowUnverified) => app.send({ ...request, allowUnverified, onProgress: (bytes) => progress.at(bytes) }));
  const sent = into === undefined ? stored : await intoStdout(session, stored, into, flags.introduce);
  if (flags.wait === undefined || sent.error !== undefined) return sent;
  progress.stop();
  const error = await waitFor(session, sent.result.cid, flags.wait, flags.timeoutMs);
  return { ...sent, ...(error !== undefined && { error }) };
}

async function intoStdout(session: Session, stored: Outcome<SendResult>, into: Artifact, introduce: boolean): Promise<Outcome<SendResult>> {
  const { withSentCar } = await import('../core/mail/sent-car.ts');
  const room = await (await session.app()).mail();
  const sent = await withSentCar(room, stored, { name: into.name, into, introduce, signal: session.signal });
  await into.commit();
  return sent;
}

/** Whatever ends the waiting, the message was sent: nobody is to send it again. */
async function waitFor(session: Session, cid: string, state: 'received' | 'opened', timeoutMs: number | undefined): Promise<OmniplexError | undefined> {
  const { waitOutbox } = await import('../core/mail/outbox.ts');
  // At a terminal silence looks like a program that hangs.
  if (session.output.stderrIsTerminal) session.output.talk(`sent; waiting until everybody has ${state} it, Ctrl-C ends only that`);
  try {
    return (await waitOutbox(await (await session.app()).mail(), cid, { state, timeoutMs, signal: session.signal })).error;
  } catch (thrown) {
    const why: unknown = session.signal.aborted ? session.signal.reason : thrown;
    if (!isError(why)) throw thrown;
    return fail(why.code, { ...why.details, hint: `It was sent, and only the waiting ended. To go on: \`omniplex outbox wait ${cid} --wait ${state}\`.` }, thrown);
  }
}

/** Sends the messages of a list. `--out` gets one line of NDJSON for each. */
export async function sendBatchOf(session: Session, list: string, flags: SendFlags): Promise<Outcome<BatchResult>> {
  const app = await session.app();
  const folder = list === '-' ? process.cwd() : resolve(list, '..');
  const artifact = flags.out === undefined ? undefined : await session.artifact(flags.out);
  const onItem = async (item: BatchItem): Promise<void> => artifact?.write(bytesOf(`${JSON.stringify(item)}\n`));
  const progress = await session.progress({ what: 'sending', unit: 'items' });
  const request = { ...(await optionsOf(session, flags)), list: await inputOf(session, list), to: await recipientsOf(flags, false), folder };
  const answer = await withConsent(session, flags, (allowUnverified) =>
    app.sendBatch({ ...request, allowUnverified, onItem, onProgress: (done, total) => progress.at(done, total) }),
  );
  await artifact?.commit();
  return answer;
}

async function inputOf(session: Session, file: string, name?: string): Promise<PlainInput> {
  return file === '-' ? streamInput(session.stdinPieces('the content'), name) : fileInput(file);
}

async function optionsOf(session: Session, flags: SendFlags): Promise<SendOptions> {
  const qos = flags.qos === undefined ? undefined : (Number(flags.qos) as 0 | 1 | 2);
  const { durability, expires, priority, introduce } = flags;
  const receipt = flags.receipt ?? flags.wait;
  return { durability, padding: flags.pad, receipt, expires, qos, priority, introduce, signal: session.signal, ...(await passphraseOf(session, flags)) };
}

async function passphraseOf(session: Session, flags: SendFlags): Promise<Pick<SendOptions, 'passphrase'>> {
  if (flags['message-passphrase-file'] === undefined) return {};
  const { Passphrase } = await import('../core/message/passphrase.ts');
  const app = await session.app();
  const passphrase = new Passphrase(await app.crypto(), await session.messagePassphrase({ repeat: true }));
  session.atEnd(() => passphrase[Symbol.dispose]());
  return { passphrase };
}

/** Names of --to and the lines of --to-file; blank lines and comments are passed over. */
async function recipientsOf(flags: SendFlags, required = true): Promise<readonly string[]> {
  const named = [...(flags.to ?? [])];
  const path = flags['to-file'];
  if (path !== undefined) named.push(...linesOf(path, await readBounded(path, limits.recipientsFileBytesMax)));
  if (required && named.length === 0 && flags['message-passphrase-file'] === undefined) throw fail('E_NO_RECIPIENT');
  return named;
}

function linesOf(path: string, bytes: Uint8Array): string[] {
  try {
    const lines = textOf(bytes).split('\n').map((line) => line.trim());
    return lines.filter((line) => line !== '' && !line.startsWith('#'));
  } catch (cause) {
    throw fail('E_FORMAT', { kind: 'list of recipients', why: `${path} is not text` }, cause);
  }
}

/** At a terminal the person is asked about unverified contacts; elsewhere the flag answers or it is refused. */
async function withConsent<T>(session: Session, flags: SendFlags, act: (allowUnverified: boolean) => Promise<T>): Promise<T> {
  const allowed = flags['allow-unverified'];
  try {
    return await act(allowed);
  } catch (error) {
    if (allowed || !isError(error, 'E_UNVERIFIED') || !session.mayAsk) throw error;
    const prompts = await session.prompts();
    const question = `${String(error.details['names'])}: not verified. Whoever sits between you could read it. Send anyway?`;
    if (!(await prompts.yesNo({ question, flag: '--allow-unverified' }))) throw fail('E_DECLINED', { what: `sending to ${String(error.details['names'])}`, hint: 'Nothing was sent. Compare the twelve words first (`omniplex contact verify NAME`), or give --allow-unverified.' }, error);
    return await act(true);
  }
}
