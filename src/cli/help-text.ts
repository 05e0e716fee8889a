/** Help as lines: the front page, a topic, a command. Pure: the same entries and view give the same lines. */
import type { CatalogueEntry, CatalogueFlag } from './catalogue.ts';
import { grouped, type Listed } from './groups.ts';
import type { View } from './output.ts';
import { width } from './theme.ts';

/** Wider lines are hard to read, however wide the terminal. */
const LINE_MAX = 100;

const lineWidth = (view: View): number => Math.min(LINE_MAX, view.columns);

/** Breaks text at spaces; every line after the first is indented. A word longer than a line stands alone, whole. */
export function wrapped(text: string, columns: number, indent = ''): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    if (line.trim() === '') line = lines.length === 0 ? word : indent + word;
    else if (width(line) + 1 + width(word) <= columns) line += ` ${word}`;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** Less room than this at the right of the names makes a column of single words. */
const TEXT_MIN = 24;

/** A command over several lines as a shell takes it: broken only between words, so that it can be copied. */
function continued(command: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of command.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\S)+/g) ?? []) {
    if (line.trim() === '' || width(line) + 1 + width(word) + 2 <= columns) line += line.trim() === '' ? word : ` ${word}`;
    else {
      lines.push(`${line} \\`);
      line = `  ${word}`;
    }
  }
  return [...lines, line];
}

/** A name at the left, its text wrapped at the right, or below it where the terminal is narrow. */
function listed(view: View, rows: readonly (readonly [name: string, text: string])[], paint: (text: string) => string): readonly string[] {
  const left = Math.min(28, Math.max(...rows.map(([name]) => width(name))));
  const indent = ' '.repeat(left + 4);
  if (lineWidth(view) - indent.length < TEXT_MIN) {
    return rows.flatMap(([name, text]) => [`  ${paint(name)}`, ...wrapped(text, lineWidth(view) - 6).map((line) => `      ${line}`)]);
  }
  return rows.flatMap(([name, text]) => {
    const [first = '', ...more] = wrapped(text, lineWidth(view) - indent.length).map((line) => line.trim());
    const fits = width(name) <= left;
    const head = `  ${paint(name)}`;
    const rest = more.map((line) => indent + line);
    return fits ? [`${head}${' '.repeat(left - width(name) + 2)}${first}`.trimEnd(), ...rest] : [head, indent + first, ...rest];
  });
}

const heading = (view: View, text: string): string => view.paint.bold(text.toUpperCase());

export function frontPage(view: View, commands: readonly Listed[], version: string): readonly string[] {
  const lines = [`OmniPlex ${version}: private, content-addressed messaging for those who operate it`];
  for (const { title, nouns } of grouped(commands)) {
    const rows = nouns.map(({ noun, commands: below }): readonly [string, string] => {
      const own = below.find(({ id }) => id === noun);
      return [noun, own === undefined ? verbsOf(noun, below) : own.summary];
    });
    lines.push('', heading(view, title), ...listed(view, rows, view.paint.mark));
  }
  return [...lines, '', 'omniplex COMMAND --help tells more; omniplex help exit-codes, environment, formats, ...', 'First time here? omniplex quickstart'];
}

/** `list, show, share verify, ...` */
const verbsOf = (noun: string, below: readonly Listed[]): string => below.map(({ id }) => id.slice(noun.length + 1)).join(', ');

export function topicPage(view: View, topic: string, below: readonly Listed[]): readonly string[] {
  return [
    `omniplex ${topic} ...`,
    '',
    heading(view, 'commands'),
    ...listed(view, below.map(({ id, summary }) => [id, summary] as const), view.paint.mark),
    '',
    `omniplex ${topic} VERB --help tells more`,
  ];
}

interface Usage {
  readonly id: string;
  readonly args: readonly Pick<CatalogueEntry['args'][number], 'name' | 'required' | 'multiple'>[];
  readonly flags: readonly { readonly name: string; readonly value?: string | undefined; readonly required: boolean }[];
}

/** `omniplex fetch CID [flags]`, with the flags that must be given. */
export function usageOf({ id, args, flags }: Usage): string {
  const shownArgs = args.map(({ name, required, multiple }) => {
    const one = multiple ? `${name}..` : name;
    return required ? one : `[${one}]`;
  });
  const must = flags.filter(({ required }) => required).map(({ name, value }) => `--${name} ${value ?? ''}`.trim());
  return ['omniplex', id, ...shownArgs, ...must, '[flags]'].join(' ');
}

const flagLabel = ({ name, char, value }: CatalogueFlag): string => `${char === undefined ? '' : `-${char}, `}--${name}${value === undefined ? '' : ` ${value}`}`;

export function flagText({ description, multiple, required, values, value, default: otherwise }: CatalogueFlag): string {
  const notes = [
    ...(required ? ['needed'] : []),
    ...(multiple ? ['may be repeated'] : []),
    ...(values !== undefined && value !== values.join('|') && !values.every((one) => description.includes(one)) ? [`of ${values.join(', ')}`] : []),
    ...(otherwise === undefined ? [] : [`default ${otherwise}`]),
  ];
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
}

const IMPACTS = { read: 'reads only', write: 'writes', destroy: 'destroys; asks first' } as const;

export const impactText = ({ impact, opensKey }: CatalogueEntry): string => `${IMPACTS[impact]}; ${opensKey ? 'opens a private key' : 'opens no private key'}`;

/** The five that are easily confused. */
const PROBES: readonly (readonly [word: string, text: string])[] = [
  ['check', 'a monitoring system asks: OK, WARNING, CRITICAL or UNKNOWN'],
  ['verify', 'proof: do bytes and signatures hold?'],
  ['doctor', 'advice to a person about this machine and its backends'],
  ['selftest', 'do the cryptographic primitives give their known answers?'],
  ['lint', 'is a file well formed? touches nothing'],
];

/** For one of the five, the other four. */
export function otherProbes(id: string): readonly (readonly [word: string, text: string])[] {
  const words = id.split(' ');
  const own = PROBES.find(([word]) => word === words[0] || word === words.at(-1));
  return own === undefined ? [] : PROBES.filter((probe) => probe !== own);
}

export function commandPage(view: View, entry: CatalogueEntry): readonly string[] {
  const { summary, description, args, flags, exits, examples, seeAlso } = entry;
  const { paint } = view;
  const own = flags.filter(({ global }) => !global);
  const shared = flags.filter(({ global }) => global);
  const section = (title: string, lines: readonly string[]): readonly string[] => (lines.length === 0 ? [] : ['', heading(view, title), ...lines]);
  const probes = otherProbes(entry.id);
  return [
    ...wrapped(summary, lineWidth(view)),
    ...section('usage', [`  ${usageOf(entry)}`]),
    ...(description === '' ? [] : ['', ...description.split('\n\n').flatMap((part, at) => [...(at === 0 ? [] : ['']), ...wrapped(part, lineWidth(view))])]),
    ...section('arguments', args.length === 0 ? [] : listed(view, args.map((arg) => [arg.name, argText(arg)] as const), paint.mark)),
    ...section('flags', own.length === 0 ? [] : listed(view, own.map((flag) => [flagLabel(flag), flagText(flag)] as const), paint.mark)),
    ...section('global flags', wrapped(`  ${shared.map(({ name }) => `--${name}`).join(' ')}`.trimStart(), lineWidth(view) - 2).map((line) => `  ${line}`)),
    ...section('examples', examples.flatMap((example) => exampleLines(view, example))),
    ...section('exit codes', listed(view, exits.map(({ exit, meaning }) => [String(exit), meaning] as const), paint.bold)),
    ...section('impact', wrapped(impactText(entry), lineWidth(view) - 2).map((line) => `  ${line}`)),
    ...section('you may have wanted', probes.length === 0 ? [] : listed(view, probes, paint.mark)),
    ...section('see also', seeAlso.map((other) => `  omniplex ${other}`)),
  ];
}

const exampleLines = (view: View, { command, description }: CatalogueEntry['examples'][number]): readonly string[] => [
  ...wrapped(description, lineWidth(view) - 4).map((line) => `  ${view.paint.dim(`# ${line}`)}`),
  ...(width(command) + 2 <= view.columns ? [command] : continued(command, view.columns - 2)).map((line) => `  ${line}`),
];

const argText = ({ description, values }: CatalogueEntry['args'][number]): string =>
  values === undefined || values.every((one) => description.includes(one)) ? description : `${description} (${values.join(', ')})`;

export { listed as listedRows, heading as headingOf };
