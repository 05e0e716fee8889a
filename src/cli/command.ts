/**
 * The base class of every command. A command says what it takes and what it answers; this class owns everything around that:
 * global flags, the JSON envelope, human output, exit codes, signals, the timeout, and errors.
 *
 * One file under src/commands is one command and its path is its name: src/commands/contact/rename.ts is `omniplex contact rename`.
 *
 *     import { arg } from '../../cli/flags.ts';
 *     import { BaseCommand, type Answer } from '../../cli/command.ts';
 *     import { object, string } from '../../cli/schema.ts';
 *
 *     const schema = object({ name: string('the new name'), id: string('the identity, unchanged') });
 *
 *     export default class ContactRename extends BaseCommand<typeof ContactRename> {
 *       static override readonly summary = 'Give a contact another name';
 *       static override readonly description = 'Only your own name for it changes; nothing is published.';
 *       static override readonly args = { contact: arg('the contact, by its present name'), name: arg('its new name', parseName) };
 *       static override readonly impact = 'write';
 *       static override readonly opensKey = false;
 *       static override readonly exits = { 5: 'there is no such contact', 6: 'the new name is taken' };
 *       static override readonly examples = [{ command: 'omniplex contact rename bob robert', description: 'Call bob robert from now on' }];
 *       static override readonly schema = schema;
 *
 *       override async run(): Promise<Answer<typeof schema>> {
 *         const app = await this.session.app();
 *         const { id, changed } = await app.contacts.rename(this.args.contact, this.args.name);
 *         return { result: { name: this.args.name, id }, changed };
 *       }
 *
 *       protected override render({ name }: Infer<typeof schema>): Lines {
 *         return `${this.args.contact} is now ${name}`;
 *       }
 *     }
 *
 * Rules: no logic (core has it); pass `this.signal` to whatever can wait; throw only `fail('E_...')`; never write to stdout, stderr or
 * the console; import what is heavy inside `run`. Where the work stands but a part of the wish does not (exit 7, 12), return
 * `{ result, changed, error: fail('E_INCOMPLETE', {...}) }` instead of throwing.
 */
import { Command } from '@oclif/core/command';
import type { InferredArgs, InferredFlags } from '@oclif/core/interfaces';
import { EXIT, fail, isError, warning, type Details, type OmniplexError, type Warning, type WarningCode } from '../core/base/errors.ts';
import type { Impact } from './catalogue.ts';
import { envelopeOf, errorBody, toJson } from './envelope.ts';
import { formatOf, globalFlags } from './globals.ts';
import { endProcess, Output, type Lines, type View } from './output.ts';
import { parseCommand, pointedToHelp } from './parse.ts';
import { READER_GONE, Run } from './run.ts';
import { object, type Infer, type JsonSchema, type Schema } from './schema.ts';
import { Session } from './session.ts';
import { errorLines, unknownLine, warningLines } from './trouble.ts';

export type { Lines, View } from './output.ts';
export type { Infer } from './schema.ts';

/** What a command gives back. `changed` is false unless said otherwise. */
export interface Answer<S extends Schema<unknown>> {
  readonly result: Infer<S>;
  readonly changed?: boolean;
  readonly warnings?: readonly Warning[];
  /** The work stands and a stated part of the wish does not: the exit code is this error's. */
  readonly error?: OmniplexError | undefined;
  /** `check *` only: the Nagios status. */
  readonly status?: 0 | 1 | 2 | 3;
}

interface Statics {
  readonly args: object;
  readonly flags: object;
}

export abstract class BaseCommand<C extends Statics> extends Command {
  static override readonly baseFlags = globalFlags;
  /** `read` changes nothing, `write` adds or moves, `destroy` takes away. Every command says its own. */
  static readonly impact: Impact = 'read';
  /** Does it ever open a private key? Help, audit and the tests for keyless commands read it here. */
  static readonly opensKey: boolean = false;
  /** Prints NDJSON items before the envelope; they go out through `this.item`. */
  static readonly streams: boolean = false;
  /** Speaks the exit codes of monitoring plugins. */
  static readonly nagios: boolean = false;
  /** Exit codes with a meaning of their own here, beside those that every command has. */
  static readonly exits: Readonly<Partial<Record<number, string>>> = {};
  /** Of `result`. */
  static readonly schema: Schema<unknown> = object({});
  /** Of one item of a stream. */
  static readonly item: JsonSchema | undefined = undefined;
  /** Commands or topics worth knowing beside this one. */
  static readonly seeAlso: readonly string[] = [];

  protected args!: InferredArgs<C['args']>;
  protected flags!: InferredFlags<typeof globalFlags & C['flags']>;
  /** Context, settings, home and store, secrets: opened when first asked for. */
  protected session!: Session;
  protected readonly output: Output;
  readonly #run = new Run();
  readonly #warnings: Warning[] = [];

  constructor(argv: string[], config: Command['config']) {
    super(argv, config);
    this.output = new Output(formatOf(argv));
  }

  /** Does the work and answers. Flags and arguments are parsed already. */
  abstract override run(): Promise<Answer<Schema<unknown>>>;

  /** The answer for people, as lines. Must say what the JSON says. */
  protected abstract render(result: never, view: View): Lines | Promise<Lines>;

  /** One item of a stream for people. */
  protected renderItem(item: unknown, _view: View): Lines {
    return toJson(item);
  }

  /** Aborts on Ctrl-C, SIGTERM, --timeout, and when nobody reads the answer of a stream any more. */
  protected get signal(): AbortSignal {
    return this.#run.signal;
  }

  /** True where the command ends by itself when --timeout has passed, because its answer then still says something. */
  protected get keepsTimeout(): boolean {
    return false;
  }

  /** True where nothing is left to do once nobody reads stdout any more. */
  protected get endsWithReader(): boolean {
    return this.#class.streams;
  }

  /** What stands when --timeout has ended the work, and what a second run does: the hint of E_TIMEOUT. */
  protected get afterTimeout(): string {
    if (this.#class.impact === 'read') return 'Nothing was changed. Run it again with a longer --timeout: it starts over.';
    return 'Nothing half-done is visible. See what is there, then run it again with a longer --timeout: it does not go on where it stopped.';
  }

  /** Says in a participle what takes so long now: `sealing`. A timeout names it. */
  protected doing(what: string): void {
    this.#run.doing = what;
  }

  /** Runs at the end, whatever happened. */
  protected atEnd(cleanUp: () => void | Promise<void>): void {
    this.#run.atEnd(cleanUp);
  }

  /** Adds a warning to the answer. */
  protected warning(code: WarningCode, details?: Details): void {
    this.#warnings.push(warning(code, details));
  }

  /** Talk on stderr, under -v only. */
  protected talk(lines: Lines): void {
    if (this.output.format.verbose) this.output.talk(lines);
  }

  /** Sends one item of a stream. Waits for a slow reader. */
  protected async item(item: Readonly<Record<string, unknown>>): Promise<void> {
    if ('schema' in item) throw new Error('an item must not look like the envelope');
    if (this.output.format.json) await this.output.document(toJson(item));
    else if (!this.output.format.quiet) await this.output.answer(this.renderItem(item, this.output.view()));
  }

  get #class(): typeof BaseCommand {
    return this.constructor as unknown as typeof BaseCommand;
  }

  override async _run<T>(): Promise<T> {
    this.#run.start();
    try {
      return (await this.#runAndAnswer()) as T;
    } finally {
      this.#run.stop();
      if (this.signal.aborted && this.signal.reason !== READER_GONE) endProcess(Number(process.exitCode ?? EXIT.ok));
    }
  }

  async #runAndAnswer(): Promise<unknown> {
    try {
      const answer = await this.#run.settle(() => this.#work());
      await this.#report(answer);
      return answer.result;
    } catch (error) {
      if (error === READER_GONE) return undefined;
      await this.#refuse(isError(error) ? pointedToHelp(error, this.id ?? '') : fail('E_BUG', { why: 'an error of no known kind' }, error));
      return undefined;
    }
  }

  async #work(): Promise<Answer<Schema<unknown>>> {
    const { args, flags } = await parseCommand(this.id ?? '', this.argv, this.#class.args, { ...globalFlags, ...this.#class.flags });
    this.parsed = true;
    if (flags['json'] === true && flags['out'] === '-') {
      throw fail('E_USAGE', { why: '--json and --out - both want stdout', hint: 'Give --out a file, or leave --json out.' });
    }
    this.args = args as typeof this.args;
    this.flags = flags as typeof this.flags;
    if (flags['out'] === '-') this.output.giveStdoutToArtifact();
    if (this.endsWithReader) this.output.onReaderGone(() => this.#run.abort(READER_GONE));
    const timeout = this.flags.timeout;
    if (timeout !== undefined && !this.keepsTimeout) this.#run.startTimeout(timeout.ms, timeout.text, () => this.afterTimeout);
    this.session = new Session({ flags, output: this.output, run: this.#run, impact: this.#class.impact, id: this.id ?? '', warn: (told) => this.#warnings.push(told) });
    if (!this.output.format.json && flags['color'] === undefined) this.output.color = await this.session.colorSetting();
    const answer = await this.run();
    // A signal that came too late to stop the work still ends the caller's loop over commands.
    const reason: unknown = this.signal.reason;
    return isError(reason) && answer.error === undefined ? { ...answer, error: afterAll(reason) } : answer;
  }

  async #report({ result, changed = false, warnings = [], error, status }: Answer<Schema<unknown>>): Promise<void> {
    const all = [...this.#warnings, ...warnings];
    const exit = this.#exitOf(error, status);
    const { json, quiet } = this.output.format;
    if (json) {
      await this.output.document(toJson(envelopeOf(this.id ?? '', { result, changed, warnings: all, error: error && errorBody(error, exit) })));
    } else {
      const silent = quiet && !(this.#class.nagios && exit !== EXIT.ok);
      if (!silent) await this.output.answer(await this.render(result as never, this.output.view()));
      if (!quiet || changed) this.output.complain(warningLines(all, this.output.view('talk')));
      if (error !== undefined) this.output.complain(errorLines(error, exit, this.output.view('talk')));
    }
    process.exitCode = exit;
  }

  /** Nothing came of it. Never throws: what cannot be written (a full disk behind stdout) still has an exit code. */
  async #refuse(error: OmniplexError): Promise<void> {
    const exit = this.#exitOf(error, undefined);
    process.exitCode = exit;
    const view = this.output.view('talk');
    const complain = () => this.output.complain([...warningLines(this.output.format.quiet ? [] : this.#warnings, view), ...errorLines(error, exit, view)]);
    try {
      if (this.output.format.json) return await this.output.document(toJson(envelopeOf(this.id ?? '', { error: errorBody(error, exit), warnings: this.#warnings })));
      if (exit === 3 && this.#class.nagios) await this.output.answer(unknownLine(this.id ?? '', error));
    } catch {
      // Told on stderr, with the error itself.
    }
    complain();
  }

  #exitOf(error: OmniplexError | undefined, status: number | undefined): number {
    if (!this.#class.nagios) return error?.exit ?? EXIT.ok;
    const bySignal = error?.exit === EXIT.interrupted || error?.exit === EXIT.terminated;
    return error === undefined ? (status ?? EXIT.ok) : bySignal ? error.exit : 3;
  }
}

/** The work was done by the time that it was told to end. */
const afterAll = (reason: OmniplexError): OmniplexError =>
  fail(reason.code, { ...reason.details, hint: 'It was done all the same, as the answer says. There is nothing to run again.' });
