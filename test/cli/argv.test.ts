import { expect, test } from 'vitest';
import { asksHelp, GLOBAL_OPTIONS, GLOBAL_SWITCHES, readCommandLine } from '../../src/cli/argv.ts';
import { CommandsTable, type CommandEntry } from '../../src/cli/commands-table.ts';
import { globalFlags } from '../../src/cli/globals.ts';
import { targetOf } from '../../src/cli/main.ts';

const entry = (id: string): CommandEntry => ({ id, summary: id, hidden: false, load: () => Promise.reject(new Error('not here')) });
const ids = ['send', 'store list', 'store show', 'store remove', 'store lock list', 'check all'];
const table = new CommandsTable({ name: 'omniplex', version: '1.0.0', root: '/', commands: ids.map(entry), hooks: {} });

const brief = (argv: readonly string[]) => {
  const { kind, id, argv: rest } = targetOf(argv, table);
  return [kind, id, ...rest].join(' ');
};

test.each([
  ['send f --to bob', 'command send f --to bob'],
  ['--json send f', 'command send f --json'],
  ['--home /h --json store show x --tier hot', 'command store show x --home /h --json --tier hot'],
  ['--home=/h store list', 'command store list --home=/h'],
  ['-q -v --no-input store list', 'command store list -q -v --no-input'],
  ['store --json list', 'command store list --json'],
  ['store --home /h show --json x', 'command store show x --home /h --json'],
  ['store --tier hot list', 'unknown store --tier hot list'],
  ['--context send send f', 'command send f --context send'],
  ['store ls', 'command store list'],
  ['store rm x', 'command store remove x'],
  ['store lock ls', 'command store lock list'],
  ['store list lock', 'command store list lock'],
  ['--json send -- --json', 'command send --json -- --json'],
  ['send -- -x', 'command send -- -x'],
  ['store', 'topic store'],
  ['store lock', 'topic store lock'],
  ['--json store', 'topic store --json'],
  ['store --help', 'topic store --help'],
  ['', 'topic '],
  ['--help', 'topic  --help'],
  ['--json', 'topic  --json'],
  ['--json --help', 'topic  --json --help'],
  ['stroe', 'unknown stroe'],
  ['store lsit x', 'unknown store lsit x'],
  ['store lock lsit', 'unknown store lock lsit'],
  ['--bogus send', 'unknown  --bogus send'],
  ['--json --bogus', 'unknown  --json --bogus'],
  ['-- send', 'unknown  -- send'],
  ['check', 'topic check'],
  ['check nothing', 'unknown check nothing'],
])('%s', (line, expected) => {
  expect(brief(line === '' ? [] : line.split(' '))).toBe(expected);
});

test('a global flag that lacks its value takes no word of the command', () => {
  expect(brief(['--home'])).toBe('topic  --home');
  expect(readCommandLine(['--home', 'send'])).toEqual({ words: [], rest: ['--home', 'send'], strayFlag: false });
});

test('help is asked for before -- only', () => {
  expect(asksHelp(['send', '-h'])).toBe(true);
  expect(asksHelp(['send', '--', '--help'])).toBe(false);
});

test('the global flags of the base command may lead, and two that only some commands have', () => {
  const spellings = (wanted: 'boolean' | 'option') =>
    Object.entries(globalFlags).flatMap(([name, flag]) => {
      const { char, type } = flag as { readonly char?: string; readonly type: string };
      return type !== wanted || name === 'help' ? [] : [`--${name}`, ...(char === undefined ? [] : [`-${char}`])];
    });
  expect([...GLOBAL_SWITCHES].sort()).toEqual(spellings('boolean').sort());
  expect([...GLOBAL_OPTIONS].sort()).toEqual([...new Set([...spellings('option'), '--lock-wait', '--new-passphrase-file'])].sort());
});
