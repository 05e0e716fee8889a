/**
 * What one run of a command works with, opened when it is first asked for: settings, secrets, prompts, progress, files.
 * A light command that asks for nothing pays for nothing.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { addAbortSignal } from 'node:stream';
import type { Bytes } from '../core/base/bytes.ts';
import { configPath, emptyConfig, resolveSettings, type ConfigFile, type Resolved, type Sources, type Values } from '../core/base/config.ts';
import { systemClock } from '../core/base/clock.ts';
import { fail, isError, type OmniplexError, type Warning } from '../core/base/errors.ts';
import type { Secret } from '../core/base/secret.ts';
import type { OmniPlex } from '../core/omniplex.ts';
import type { Artifact, ArtifactOptions } from './artifact.ts';
import type { Impact } from './catalogue.ts';
import type { Confirmation } from './confirm.ts';
import { saysNo } from './globals.ts';
import type { Output } from './output.ts';
import type { Progress, ProgressOptions } from './progress.ts';
import type { Prompts } from './prompts.ts';
import type { Run } from './run.ts';
import type { ColorWish } from './theme.ts';

/**
 * The young heap keeps its first size. What long work makes is buffers, which go with their small handles there: the sooner it is swept, the
 * fewer wait. 20 to 60 MiB less at the peak of a send, at the same speed. V8 reads this flag whenever it is about to let the heap grow.
 */
const YOUNG_HEAP = '--semi-space-growth-factor=1';

export interface SessionParts {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly output: Output;
  readonly run: Run;
  readonly impact: Impact;
  readonly id: string;
  /** Into the answer of the run. */
  readonly warn: (warning: Warning) => void;
}

export class Session {
  readonly output: Output;
  readonly #parts: SessionParts;
  #config: Promise<ConfigFile> | undefined;
  #settings: Promise<Resolved> | undefined;
  #app: Promise<OmniPlex> | undefined;
  readonly #secrets = new Map<string, Promise<Secret>>();
  #stdinFor: string | undefined;

  constructor(parts: SessionParts) {
    this.output = parts.output;
    this.#parts = parts;
  }

  get signal(): AbortSignal {
    return this.#parts.run.signal;
  }

  /** A flag as it was typed; undefined when it was not, or is none of this command's. */
  flag(name: string): string | undefined {
    const value = this.#parts.flags[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** May a person be asked now? If not, a question fails and names its flag. */
  get mayAsk(): boolean {
    return this.output.canAsk && this.#parts.flags['no-input'] !== true && !saysNo(process.env['OMNIPLEX_NO_INPUT']);
  }

  get configPath(): string {
    return configPath(process.env, homedir());
  }

  /** The user configuration as it is on disk. */
  config(): Promise<ConfigFile> {
    this.#config ??= import('../core/base/config-file.ts').then(({ readConfig }) => readConfig(this.configPath));
    return this.#config;
  }

  /** The setting alone, without looking at contexts. A file that is not usable is told by whoever needs it, not here. */
  async colorSetting(): Promise<ColorWish> {
    if (!existsSync(this.configPath)) return 'auto';
    try {
      return ((await this.config()).settings.color ?? 'auto') as ColorWish;
    } catch {
      return 'auto';
    }
  }

  /** Changes the user configuration, alone, and answers whether it is different now. */
  async changeConfig(change: (config: ConfigFile) => ConfigFile): Promise<boolean> {
    const { changeConfig } = await import('../core/base/config-file.ts');
    const { config, changed } = await changeConfig(this.configPath, systemClock, change);
    this.#config = Promise.resolve(config);
    this.#settings = undefined;
    return changed;
  }

  /** Every setting with its origin, by flag, environment, context, user file, default. */
  settings(): Promise<Resolved> {
    this.#settings ??= this.#resolve();
    return this.#settings;
  }

  /** How long to queue behind a lock: --lock-wait, else the setting, else not at all where nobody watches. */
  async lockWaitMs(): Promise<number> {
    const typed = this.#parts.flags['lock-wait'];
    if (typeof typed === 'number') return typed;
    const { values, origins } = await this.settings();
    return origins['lock.wait']?.from === 'default' && !this.output.canAsk ? 0 : values['lock.wait'];
  }

  /** The settings that would hold in another context. */
  async settingsOf(context: string): Promise<Resolved> {
    return resolveSettings({ ...(await this.#sources()), flags: { context } });
  }

  /** The settings as they are outside every context: what a new one begins with. */
  async plainSettings(): Promise<Resolved> {
    const sources = await this.#sources();
    return resolveSettings({ ...sources, flags: { ...sources.flags, 'no-context': '' } });
  }

  /** The settings, or the defaults and why: for whoever must work when the configuration does not. */
  async settingsOrDefaults(): Promise<{ readonly resolved: Resolved; readonly error: OmniplexError | undefined }> {
    try {
      return { resolved: await this.settings(), error: undefined };
    } catch (error) {
      if (!isError(error)) throw error;
      return { resolved: await this.#withoutConfig(), error };
    }
  }

  /** Flags and environment over the defaults, as far as those are usable. */
  async #withoutConfig(): Promise<Resolved> {
    const places = { flags: { home: this.flag('home'), store: this.flag('store'), 'no-context': '' }, env: process.env };
    for (const given of [places, { ...places, env: {} }]) {
      try {
        return resolveSettings({ ...given, file: emptyConfig, userHome: homedir(), cwd: process.cwd() });
      } catch (error) {
        if (!isError(error)) throw error;
      }
    }
    return resolveSettings({ flags: {}, env: {}, file: emptyConfig, userHome: homedir(), cwd: process.cwd() });
  }

  async #sources(): Promise<Sources> {
    const flags: Record<string, string | undefined> = {};
    for (const name of Object.keys(this.#parts.flags)) flags[name] = this.flag(name);
    if (this.#parts.flags['no-context'] === true) flags['no-context'] = '';
    return { flags, env: process.env, file: await this.config(), userHome: homedir(), cwd: process.cwd() };
  }

  async #resolve(): Promise<Resolved> {
    const resolved = resolveSettings(await this.#sources());
    if (resolved.values.env === 'prod' && resolved.context !== undefined) this.#showProduction(resolved.context.name);
    return resolved;
  }

  /** The library, on this run's settings; home, store and keys are opened when the command first needs them. */
  app(): Promise<OmniPlex> {
    this.#app ??= this.settings().then(({ values }) => this.appOf(values));
    return this.#app;
  }

  /** The library on other settings than this run's. */
  async appOf(settings: Values): Promise<OmniPlex> {
    const [{ OmniPlex }, { setFlagsFromString }] = await Promise.all([import('../core/omniplex.ts'), import('node:v8')]);
    setFlagsFromString(YOUNG_HEAP);
    const { id, warn } = this.#parts;
    const passphrase = ({ create }: { readonly create: boolean }) => this.passphrase({ repeat: create });
    return this.keep(await OmniPlex.open({ settings, passphrase, holder: `omniplex ${id}`, signal: this.signal, onWarning: warn }));
  }

  #showProduction(name: string): void {
    const { paint, symbols } = this.output.view('talk');
    this.output.talk(`${paint.bold(name)} ${symbols.dot} ${paint.warn('env: PROD')}`);
  }

  /** Closes what was opened, at the end of the run, last opened first. */
  keep<T extends { close(): void | Promise<void> }>(resource: T): T {
    this.#parts.run.atEnd(() => resource.close());
    return resource;
  }

  atEnd(cleanUp: () => void | Promise<void>): void {
    this.#parts.run.atEnd(cleanUp);
  }

  /** stdin can be read once a run: the second flag or argument that wants it is refused. */
  claimStdin(what: string): NodeJS.ReadStream {
    if (this.#stdinFor !== undefined && this.#stdinFor !== what) throw fail('E_USAGE', { why: `${this.#stdinFor} and ${what} both want stdin` });
    this.#stdinFor = what;
    return process.stdin;
  }

  /** What comes in on stdin, once it is claimed. Waiting for more of it ends with the run. */
  stdinPieces(what: string): AsyncIterable<Bytes> {
    const stdin = addAbortSignal(this.signal, this.claimStdin(what));
    // Whoever iterates is told; that nobody does yet is no reason to skip the clean-up.
    return stdin.on('error', () => undefined) as AsyncIterable<Bytes>;
  }

  /**
   * The passphrase of the key ring: --passphrase-file, the setting of that name, or the terminal. Asked once a run; wiped at its end.
   * `repeat` asks twice, for a new ring.
   */
  passphrase({ repeat = false, question = 'Passphrase for the key ring' } = {}): Promise<Secret> {
    return this.#secret('passphrase-file', async () => {
      const file = this.flag('passphrase-file') ?? (await this.settings()).values['passphrase-file'];
      return { file, question: repeat ? 'New passphrase for the key ring' : question, repeat };
    });
  }

  /** The new passphrase of a change, always asked twice on a terminal. */
  newPassphrase(): Promise<Secret> {
    return this.#secret('new-passphrase-file', async () => ({ file: this.flag('new-passphrase-file'), question: 'New passphrase for the key ring', repeat: true }));
  }

  /** Seals or opens a passphrase message; never the ring's. */
  messagePassphrase({ repeat = false } = {}): Promise<Secret> {
    return this.#secret('message-passphrase-file', async () => ({ file: this.flag('message-passphrase-file'), question: 'Passphrase for the message', repeat }));
  }

  /** A secret that stands in a file named by a flag or by the setting of that name: a token, a PIN. */
  secretFile(flag: 'token-file' | 'pin-file', question: string): Promise<Secret> {
    return this.#secret(flag, async () => {
      const file = this.flag(flag) ?? (flag === 'token-file' ? (await this.settings()).values['token-file'] : undefined);
      return { file, question, repeat: false };
    });
  }

  #secret(flag: string, find: () => Promise<{ file: string | undefined; question: string; repeat: boolean }>): Promise<Secret> {
    let secret = this.#secrets.get(flag);
    if (secret === undefined) {
      secret = this.#readSecret(flag, find);
      this.#secrets.set(flag, secret);
    }
    return secret;
  }

  async #readSecret(flag: string, find: () => Promise<{ file: string | undefined; question: string; repeat: boolean }>): Promise<Secret> {
    const { readSecret } = await import('./secrets.ts');
    const secret = await readSecret(this, { flag: `--${flag}`, ...(await find()) });
    this.atEnd(() => secret.wipe());
    return secret;
  }

  /** Questions to the person at the terminal. Each names the flag that answers it. */
  async prompts(): Promise<Prompts> {
    const { Prompts } = await import('./prompts.ts');
    return new Prompts(this);
  }

  /** Returns once the act is confirmed; throws E_DECLINED or E_PLAN_CHANGED. Never call it under --dry-run. */
  async confirm(confirmation: Confirmation): Promise<void> {
    const { confirm } = await import('./confirm.ts');
    await confirm(this, confirmation);
  }

  /** Shows how far long work is, on a terminal only. Ends by itself with the run. */
  async progress(options: ProgressOptions): Promise<Progress> {
    const { startProgress } = await import('./progress.ts');
    const progress = startProgress(this.output, options);
    this.atEnd(() => progress.stop());
    return progress;
  }

  /** The artifact of `--out PATH|-`: exclusive, whole or not at all. */
  async artifact(path: string, options?: ArtifactOptions): Promise<Artifact> {
    const { openArtifact } = await import('./artifact.ts');
    return openArtifact(this, path, options);
  }
}
