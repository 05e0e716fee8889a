/**
 * The one way out: stdout is the answer, stderr is the talk. Only this file touches process.stdout, process.stderr and process.exit.
 * A reader that went away (`| head -1`) is not an error; a full disk behind a redirection is.
 */
import { fail } from '../core/base/errors.ts';
import { colorOn, flowed, harmless, paintOf, symbolsOf, type ColorWish, type Paint, type Symbols } from './theme.ts';

export interface Format {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: ColorWish;
}

/** What a renderer may know about where its lines go. Nothing here may change what they say. */
export interface View {
  readonly paint: Paint;
  readonly symbols: Symbols;
  readonly terminal: boolean;
  /** Columns of the terminal; Infinity elsewhere, so that nothing is ever cut in a pipe. */
  readonly columns: number;
  readonly verbose: boolean;
}

export type Lines = string | readonly string[];

const textOf = (lines: Lines): string => (typeof lines === 'string' ? lines : lines.join('\n'));
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? 'failed';

function setVariables(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

export class Output {
  readonly format: Format;
  #artifactOnStdout = false;
  #color: ColorWish;
  #readerGone = false;
  readonly #whenReaderGone: (() => void)[] = [];

  constructor(format: Format) {
    this.format = format;
    this.#color = format.color;
    for (const stream of [process.stdout, process.stderr]) {
      stream.removeAllListeners('error');
      stream.on('error', (error) => this.#failed(error));
    }
  }

  /** What the user configuration says about colour, where no flag said anything. */
  set color(wish: ColorWish) {
    this.#color = wish;
  }

  /** True once whoever reads stdout has closed it. */
  get readerGone(): boolean {
    return this.#readerGone;
  }

  onReaderGone(callback: () => void): void {
    this.#whenReaderGone.push(callback);
  }

  /** From now on stdout carries an artifact (`--out -`), and human lines go to stderr. */
  giveStdoutToArtifact(): void {
    this.#artifactOnStdout = true;
  }

  get stdoutIsTerminal(): boolean {
    return process.stdout.isTTY === true;
  }

  get stderrIsTerminal(): boolean {
    return process.stderr.isTTY === true;
  }

  /** Both ends of a conversation are there: a person can be asked. */
  get canAsk(): boolean {
    return process.stdin.isTTY === true && this.stderrIsTerminal;
  }

  view(target: 'answer' | 'talk' = 'answer'): View {
    const stream = target === 'talk' || this.#artifactOnStdout ? process.stderr : process.stdout;
    const terminal = stream.isTTY === true;
    return {
      paint: paintOf(colorOn(this.#color, process.env, terminal)),
      symbols: symbolsOf(process.env),
      terminal,
      columns: terminal ? Math.max(20, stream.columns || 80) : Infinity,
      verbose: this.format.verbose,
    };
  }

  /**
   * Runs what paints on stderr by Node's reading of the environment (the prompts): while it runs, the environment says what was decided here.
   * Node alone takes an empty FORCE_COLOR for a set one, and warns on the terminal where both variables are set.
   */
  async asDecided<T>(act: () => Promise<T>): Promise<T> {
    const { NO_COLOR, FORCE_COLOR } = process.env;
    const decided = colorOn(this.#color, process.env, this.stderrIsTerminal) ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' };
    setVariables({ NO_COLOR: undefined, FORCE_COLOR: undefined, ...decided });
    try {
      return await act();
    } finally {
      setVariables({ NO_COLOR, FORCE_COLOR });
    }
  }

  /** Human lines of the answer. Resolves when they are written; throws E_IO when they cannot be. */
  async answer(lines: Lines): Promise<void> {
    const text = textOf(lines);
    if (text === '') return;
    const line = `${flowed(harmless(text), this.view().columns)}\n`;
    if (this.#artifactOnStdout) process.stderr.write(line);
    else await this.#toStdout(line);
  }

  /** One line of JSON. */
  document(json: string): Promise<void> {
    return this.#toStdout(`${json}\n`);
  }

  /** Bytes of an artifact. Waits for a slow reader; false when there is none any more. */
  async artifact(bytes: Uint8Array): Promise<boolean> {
    await this.#toStdout(bytes);
    return !this.#readerGone;
  }

  /** Human lines beside the answer; nothing under --quiet. */
  talk(lines: Lines): void {
    if (!this.format.quiet) this.complain(lines);
  }

  /** Human lines that --quiet does not silence: errors, and warnings of what changed something. */
  complain(lines: Lines): void {
    const text = textOf(lines);
    if (text !== '') process.stderr.write(`${flowed(harmless(text), this.view('talk').columns)}\n`);
  }

  #toStdout(chunk: string | Uint8Array): Promise<void> {
    if (this.#readerGone) return Promise.resolve();
    return new Promise((resolve, reject) => {
      process.stdout.write(chunk, (error) => {
        if (!error) return resolve();
        this.#failed(error);
        if (this.#readerGone) resolve();
        else reject(fail('E_IO', { path: 'stdout', why: codeOf(error) }));
      });
    });
  }

  #failed(error: unknown): void {
    if (!['EPIPE', 'ERR_STREAM_DESTROYED', 'EOF'].includes(codeOf(error)) || this.#readerGone) return;
    this.#readerGone = true;
    for (const callback of this.#whenReaderGone) callback();
  }
}

/** The streams a prompt or a spinner speaks through. */
export const terminal = (): { input: NodeJS.ReadStream; output: NodeJS.WriteStream } => ({ input: process.stdin, output: process.stderr });

/** Ends a process whose work was cut short and may never end by itself. Everything written must have been flushed. */
export const endProcess = (exit: number): never => process.exit(exit);
