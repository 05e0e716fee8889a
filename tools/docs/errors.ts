/** docs/ERRORS.md: every code with its exit, HTTP status, retry, text and hint. */
import { EXIT, registry, warnings, type ErrorEntry } from '../../src/core/base/errors.ts';
import { exitMeanings, nagiosMeanings } from '../../src/cli/exits.ts';
import { withPlaceholders } from '../../src/cli/trouble.ts';
import { generated, table } from './markdown.ts';

const RETRY = { yes: 'yes', no: 'no', unknown: 'with the same `--id`' } as const;

const codeBlock = ([code, { exit, http, retry, text, hint }]: [string, ErrorEntry]): string =>
  [`### ${code}`, '', `${withPlaceholders(text)}.`, '', `*${withPlaceholders(hint)}*`, '', `exit ${exit} · HTTP ${http} · retry: ${RETRY[retry]}`].join('\n');

export function errorsPage(): string {
  const entries = Object.entries(registry) as [string, ErrorEntry][];
  const byExit = Object.values(EXIT).map((exit) => {
    const codes = entries.filter(([, entry]) => entry.exit === exit).map(([code]) => `\`${code}\``);
    return [String(exit), exitMeanings[exit] ?? '', codes.join(' ')];
  });
  return [
    generated('src/core/base/errors.ts'),
    '# Errors',
    '',
    'Codes are a promise; texts may change. `omniplex explain CODE` prints an entry. Words in capitals stand for what the error names.',
    'Under `--json` an error is `error: {code, message, hint, retry, exit, details}` of the envelope. A script goes by `retry`: `yes`, the same call can',
    'end otherwise by itself; `no`, it ends the same way until somebody does what the hint says; `unknown`, it may have happened: repeat it with the',
    'same `--id`. `E_INCOMPLETE` is worth a repetition only where one of the reasons in its answer is, and says `no` where none is.',
    '',
    '## Exit codes',
    '',
    table(['exit', 'meaning', 'codes'], byExit),
    '',
    '`omniplex check` alone speaks the language of monitoring plugins, where every usage or internal error is 3:',
    '',
    table(['exit', 'meaning'], Object.entries(nagiosMeanings).map(([exit, meaning]) => [exit, meaning])),
    '',
    '## Codes',
    '',
    entries.map(codeBlock).join('\n\n'),
    '',
    '## Warnings',
    '',
    'They share the envelope (`warnings`) and never change the exit code.',
    '',
    table(['code', 'text'], Object.entries(warnings).map(([code, text]) => [`\`${code}\``, withPlaceholders(text)])),
    '',
  ].join('\n');
}
