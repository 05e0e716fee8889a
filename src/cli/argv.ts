/**
 * The words of a command line before oclif sees them. Oclif takes the first word as the command; operators write global flags first
 * as well (`omniplex --json store list`), so leading ones are moved behind the words of the command.
 */

/** Global flags without a value. */
export const GLOBAL_SWITCHES: readonly string[] = ['--no-context', '--json', '--quiet', '-q', '--verbose', '-v', '--no-input'];

/** Global flags with a value, as `--home DIR` or `--home=DIR`. */
export const GLOBAL_OPTIONS: readonly string[] = [
  ...['--context', '--home', '--store', '--as', '--color', '--timeout'],
  ...['--passphrase-file', '--new-passphrase-file', '--lock-wait'],
];

const HELP: readonly string[] = ['--help', '-h'];

export interface CommandLine {
  /** The leading words, not yet known to be a command: `store show bafy..`. */
  readonly words: readonly string[];
  /** Global flags that stood before them, then all that follows them, in order. */
  readonly rest: readonly string[];
  /** True when a word was looked for and a flag that is not global stood in its place. */
  readonly strayFlag: boolean;
}

/** How many arguments the global flag at the front takes up; 0 when it is none. */
function globalLength(argv: readonly string[]): 0 | 1 | 2 {
  const [first = ''] = argv;
  if (GLOBAL_SWITCHES.includes(first)) return 1;
  if (GLOBAL_OPTIONS.includes(first)) return 2;
  return GLOBAL_OPTIONS.some((flag) => first.startsWith(`${flag}=`)) ? 1 : 0;
}

export function readCommandLine(argv: readonly string[]): CommandLine {
  let rest = argv;
  for (let length = globalLength(rest); length > 0; length = globalLength(rest)) rest = rest.slice(length);
  const globals = argv.slice(0, argv.length - rest.length);
  const end = rest.findIndex((word) => word.startsWith('-'));
  const words = end === -1 ? rest : rest.slice(0, end);
  const after = rest.slice(words.length);
  const [first] = after;
  const strayFlag = words.length === 0 && first !== undefined && !HELP.includes(first);
  return { words, rest: [...globals, ...after], strayFlag };
}

/** True when help is asked for before a `--`. */
export function asksHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).some((word) => HELP.includes(word));
}
