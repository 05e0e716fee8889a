/**
 * Questions to the person at the terminal, on stderr. Every question names the flag that answers it; where nobody can be asked
 * (no terminal, --no-input, OMNIPLEX_NO_INPUT) it fails at once with E_FLAG_NEEDED. Ctrl-C at a question is exit 130.
 */
import { bytesOf } from '../core/base/bytes.ts';
import { fail } from '../core/base/errors.ts';
import { limits } from '../core/base/limits.ts';
import { isShortPassphrase } from '../core/base/passphrase.ts';
import { Secret } from '../core/base/secret.ts';
import { terminal } from './output.ts';
import type { Session } from './session.ts';

export interface Question {
  readonly question: string;
  /** As typed: `--name`, or `NAME` for an argument. */
  readonly flag: string;
}

export interface Choice<T> {
  readonly value: T;
  readonly name: string;
  readonly description?: string;
}

type Check = (answer: string) => true | string | Promise<true | string>;

const PASSPHRASE_TRIES = 3;

function isShort(answer: string): boolean {
  using secret = new Secret(bytesOf(answer));
  return isShortPassphrase(secret);
}

export class Prompts {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  text({ initial, check, ...question }: Question & { readonly initial?: string; readonly check?: Check }): Promise<string> {
    return this.#ask(question, async ({ input }, message, context) =>
      input({ message, ...(initial === undefined ? {} : { default: initial }), ...(check === undefined ? {} : { validate: check }) }, context),
    );
  }

  select<T>({ choices, ...question }: Question & { readonly choices: readonly Choice<T>[] }): Promise<T> {
    return this.#ask(question, async ({ select }, message, context) => select<T>({ message, choices: [...choices] }, context));
  }

  yesNo({ initial = false, ...question }: Question & { readonly initial?: boolean }): Promise<boolean> {
    return this.#ask(question, async ({ confirm }, message, context) => confirm({ message, default: initial }, context));
  }

  /** Masked. `repeat` asks again until both agree, for a new one. A string, because the terminal gives one: it cannot be wiped. */
  async passphrase({ repeat = false, ...question }: Question & { readonly repeat?: boolean }): Promise<string> {
    const { paint } = this.#session.output.view('talk');
    for (let tries = 0; tries < PASSPHRASE_TRIES; tries++) {
      const first = await this.#masked(question);
      if (!repeat) return first;
      const short = isShort(first);
      if (!short && first === (await this.#masked({ ...question, question: 'again' }))) return first;
      const wrong = short ? `it has fewer than ${limits.newPassphraseCharsMin} characters: take five or more words` : 'the two are not the same';
      this.#session.output.complain(paint.warn(wrong));
    }
    throw fail('E_DECLINED', { what: question.question, hint: `Nothing was done. Type one of at least ${limits.newPassphraseCharsMin} characters twice, or give ${question.flag} FILE.` });
  }

  #masked(question: Question): Promise<string> {
    return this.#ask(question, async ({ password }, message, context) =>
      password({ message, mask: '*', toggleMask: false, validate: (answer) => answer !== '' || 'it is empty' }, context),
    );
  }

  async #ask<T>(
    { question, flag }: Question,
    prompt: (kinds: typeof import('@inquirer/prompts'), message: string, context: { input: NodeJS.ReadStream; output: NodeJS.WriteStream; signal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const { mayAsk, signal } = this.#session;
    if (!mayAsk) throw fail('E_FLAG_NEEDED', { question, flag });
    const message = question.endsWith('?') ? question : `${question}:`;
    try {
      return await this.#session.output.asDecided(async () => prompt(await import('@inquirer/prompts'), message, { ...terminal(), signal }));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof Error && error.name === 'ExitPromptError') throw fail('E_INTERRUPTED');
      throw error;
    }
  }
}
