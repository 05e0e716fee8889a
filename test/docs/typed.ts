/** Command lines as documents write them, held to the catalogue: is there such a command, does it take these arguments and flags? */
import type { CatalogueEntry } from '../../src/cli/catalogue.ts';

/** Words of a shell, quotes taken off; the line ends at the first operator or comment. `NAME..` and `CID..` stay one word. */
export function shellWords(line: string): readonly string[] {
  const words: string[] = [];
  const pattern = /\s*(?:(#.*|[|&;<>()].*)|((?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\|&;<>()])+))/gy;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    if (match[2] === undefined) break;
    words.push(match[2].replaceAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, single?: string, double?: string, escaped?: string) => single ?? double ?? escaped ?? ''));
  }
  return words;
}

/** Placeholders of documents: `CID`, `NAME..`, `FILE.car`, `COMMAND`. */
const isPlaceholder = (word: string): boolean => /^[A-Z][A-Z0-9-]*(?:\.\.|\.\.\.)?$/.test(word);

/** Why `omniplex` would not take these words; undefined when it would. Topics alone, such as `omniplex check`, are names and not calls. */
export function refusal(words: readonly string[], catalogue: readonly CatalogueEntry[]): string | undefined {
  if (words[0] === undefined || isPlaceholder(words[0]) || words[0].startsWith('-')) return undefined;
  const entry = catalogue.filter(({ id }) => id.split(' ').every((word, at) => words[at] === word)).toSorted((a, b) => b.id.length - a.id.length)[0];
  if (entry === undefined) return catalogue.some(({ id }) => id.startsWith(`${words.join(' ')} `)) ? undefined : 'there is no such command';
  const rest = words.slice(entry.id.split(' ').length);
  if (rest.length === 0) return undefined;
  return argumentsRefusal(entry, rest);
}

function argumentsRefusal({ args, flags }: CatalogueEntry, words: readonly string[]): string | undefined {
  const positional: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-') || word === '-') {
      positional.push(word);
      continue;
    }
    const [name = '', value] = word.split('=', 2);
    const flag = flags.find((one) => name === `--${one.name}` || (one.char !== undefined && name === `-${one.char}`));
    if (flag === undefined) return `it has no flag ${name}`;
    if (flag.value === undefined) continue;
    const given = value ?? words[++at];
    if (given === undefined) return `${name} needs a value`;
    if (flag.values !== undefined && !isPlaceholder(given) && given.split(',').some((one) => !flag.values?.includes(one))) return `${name} is not ${given}`;
  }
  if (positional.length > args.length && !args.some(({ multiple }) => multiple)) return `it takes ${args.length} arguments`;
  const isFree = flags.some(({ name }) => words.includes(`--${name}`) && (name === 'where' || name === 'batch' || name === 'due' || name === 'for'));
  if (!isFree && positional.length < args.filter(({ required }) => required).length) return 'an argument is missing';
  return undefined;
}
