/** The flags that every command has, and what is read of them before anything is parsed, so that even a usage error is answered in the right form. */
import { parseDuration } from '../core/base/duration.ts';
import type { Format } from './output.ts';
import { choice, parsed, plain, text, toggle } from './flags.ts';
import type { ColorWish } from './theme.ts';

/** `10m` with what was typed, for messages. */
export interface Timeout {
  readonly ms: number;
  readonly text: string;
}

export const globalFlags = {
  context: parsed({ value: 'NAME', description: 'the context to work in: a home, a store or node, and who acts', not: ['no-context'] }, plain),
  'no-context': toggle('ignore every context'),
  home: text({ value: 'DIR', description: 'the folder of your identities, contacts, keys and outbox' }),
  store: text({ value: 'DIR|URL', description: 'where sealed messages live' }),
  as: text({ value: 'ID', description: 'which of your identities acts' }),
  'passphrase-file': text({ value: 'FILE', description: 'the file with the passphrase of the key ring; - and /dev/fd/N work' }),
  timeout: parsed<Timeout>({ value: 'DURATION', description: 'end the whole command after this long, with exit 12' }, (typed) => ({ ms: parseDuration(typed), text: typed })),
  json: toggle('answer with one JSON document on stdout'),
  quiet: toggle('say nothing unless something changed with a warning, or failed', { char: 'q' }),
  verbose: toggle('say more', { char: 'v' }),
  'no-input': toggle('never ask; fail and name the flag that answers'),
  color: choice(['auto', 'always', 'never'], { value: 'WHEN', description: 'auto, always or never', otherwise: 'auto' }),
  help: toggle('show help', { char: 'h' }),
};

/** Reads the output flags without parsing: everything before `--`, also in bundles of letters such as `-qv`. */
export function formatOf(argv: readonly string[]): Format {
  let [json, quiet, verbose] = [false, false, false];
  let color: ColorWish = 'auto';
  for (const [at, word] of argv.entries()) {
    if (word === '--') break;
    json ||= word === '--json';
    quiet ||= word === '--quiet' || /^-[hv]*q[hqv]*$/.test(word);
    verbose ||= word === '--verbose' || /^-[hq]*v[hqv]*$/.test(word);
    const wish = word === '--color' ? argv[at + 1] : word.startsWith('--color=') ? word.slice(8) : undefined;
    if (wish === 'always' || wish === 'never' || wish === 'auto') color = wish;
  }
  return { json, quiet, verbose, color };
}

/** Does the environment, or a flag, forbid questions? */
export const saysNo = (value: string | undefined): boolean => value !== undefined && !['', '0', 'false', 'no'].includes(value.toLowerCase());
