/**
 * The words of a command line before oclif sees them. Oclif takes the first word as the command; operators write global flags first
 * or between them as well (`omniplex --json store list`), so those are moved behind the words of the command.
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
  /** Global flags that stood before or between them, then all that follows them, in order. */
  readonly rest: readonly string[];
  /** True when the words end at a flag that is neither global nor asks for help: no topic takes one. */
  readonly strayFlag: boolean;
}

/** How many arguments the global flag at this place takes up; 0 when it is none. */
function globalLength(argv: readonly string[], at: number): 0 | 1 | 2 {
  const word = argv[at] ?? '';
  if (GLOBAL_SWITCHES.includes(word)) return 1;
  if (GLOBAL_OPTIONS.includes(word)) return 2;
  return GLOBAL_OPTIONS.some((flag) => word.startsWith(`${flag}=`)) ? 1 : 0;
}

/** Reads words and global flags in any order, up to the first other flag. */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const words: string[] = [];
  const globals: string[] = [];
  let at = 0;
  while (at < argv.length) {
    const word = argv[at] ?? '';
    const length = globalLength(argv, at);
    if (length > 0) globals.push(...argv.slice(at, at + length));
    else if (word.startsWith('-')) break;
    else words.push(word);
    at += length > 0 ? length : 1;
  }
  const after = argv.slice(at);
  const [first] = after;
  const strayFlag = first !== undefined && !HELP.includes(first);
  return { words, rest: [...globals, ...after], strayFlag };
}

/** True when help is asked for before a `--`. */
export function asksHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).some((word) => HELP.includes(word));
}
