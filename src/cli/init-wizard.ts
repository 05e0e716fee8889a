/** The questions of `omniplex init`. Each is answered by an argument or a flag, or all of them by --defaults. */
import { systemClock } from '../core/base/clock.ts';
import { parseName, parseSetting, type Values } from '../core/base/config.ts';
import { fail, isError, type OmniplexError } from '../core/base/errors.ts';
import { systemRng } from '../core/base/rng.ts';
import { wrapped } from './help-text.ts';
import { tilde, untilde } from './human.ts';
import type { Session } from './session.ts';

export interface InitPlan {
  readonly name: string;
  readonly home: string;
  readonly store: string;
  readonly select: boolean;
}

export interface InitWish {
  readonly name: string | undefined;
  readonly defaults: boolean;
  readonly select: boolean;
  /** The two folders alone, and no context. */
  readonly folders: boolean;
}

const DEFAULT_NAME = 'local';
const GREETING =
  'OmniPlex keeps two folders: a home, with your identities, contacts, keys and outbox, and a store, where sealed messages live. A context is a name for the two together. Nothing leaves this machine.';

/** What is to be made. Throws E_FLAG_NEEDED where nobody can be asked, E_NOT_SUPPORTED for a store at an address. */
export async function initPlan(session: Session, { name, defaults, select, folders }: InitWish): Promise<InitPlan> {
  const { values, origins } = await session.plainSettings();
  const given = (key: 'home' | 'store') => origins[key]?.from === 'flag' || origins[key]?.from === 'environment';
  const store = values.store ?? '';
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(store)) throw fail('E_NOT_SUPPORTED', { what: 'a store at an address', backend: 'this release: name a folder' });
  const answered = (folders || name !== undefined) && given('home') && given('store');
  if (defaults || answered) return { name: name ?? DEFAULT_NAME, home: values.home, store, select };
  return ask(session, { name: folders ? DEFAULT_NAME : name, select, folders }, values, given);
}

async function ask(session: Session, { name, select, folders }: Omit<InitWish, 'defaults'>, values: Values, given: (key: 'home' | 'store') => boolean): Promise<InitPlan> {
  const { lookAtHome, lookAtStore, requireApart } = await import('../core/home/set-up.ts');
  const prompts = await session.prompts();
  const flag = '--defaults';
  if (session.mayAsk) session.output.talk([...wrapped(GREETING, Math.min(100, session.output.view('talk').columns)), '']);
  const chosen = name ?? (await prompts.text({ question: 'Name of the context', flag, initial: DEFAULT_NAME, check: (typed) => said(() => void parseName(typed)) }));
  const pathOf = (key: 'home' | 'store', typed: string) => String(parseSetting(key, untilde(typed), process.cwd()));
  const folder = async (key: 'home' | 'store', question: string, look: (path: string) => Promise<unknown>): Promise<string> => {
    const initial = String(values[key]);
    if (given(key)) return initial;
    const typed = await prompts.text({ question, flag, initial: tilde(initial), check: (answer) => said(() => look(pathOf(key, answer))) });
    return pathOf(key, typed);
  };
  const home = await folder('home', 'Home folder', (path) => lookAtHome(path, { clock: systemClock, rng: systemRng }));
  const store = await folder('store', 'Store folder', async (path) => {
    requireApart(home, path);
    await lookAtStore(path);
  });
  return { name: chosen, home, store, select: folders ? false : select || (await prompts.yesNo({ question: `Work in "${chosen}" from now on?`, flag: '--select', initial: true })) };
}

/** What is wrong with an answer, in words, so that the question can be asked again. */
async function said(act: () => unknown): Promise<true | string> {
  try {
    await act();
    return true;
  } catch (error) {
    if (!isError(error)) throw error;
    return sentence(error);
  }
}

const sentence = ({ code, message, hint }: OmniplexError): string => (code === 'E_USAGE' ? message : `${message}. ${hint}`);
