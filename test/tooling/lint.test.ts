/** Each check must be able to fail: a violation is planted and must be found, and its harmless twin must not be. */
import { describe, expect, test } from 'vitest';
import type { CatalogueEntry } from '../../src/cli/catalogue.ts';
import { commandRules } from '../../tools/lint/commands.ts';
import { deadCode } from '../../tools/lint/dead-code.ts';
import { codeFindings, type CodeFacts } from '../../tools/lint/error-codes.ts';
import { grammarFault } from '../../tools/lint/grammar.ts';
import { layers } from '../../tools/lint/layers.ts';
import { oxlint } from '../../tools/lint/oxlint.ts';
import { ratchet } from '../../tools/lint/ratchet.ts';
import { tidy } from '../../tools/lint/tidy.ts';
import { words } from '../../tools/lint/words.ts';
import { plant } from './planted.ts';

const rulesOf = (findings: readonly { rule: string }[]): string[] => [...new Set(findings.map(({ rule }) => rule))].sort();

describe('layers', () => {
  const clean = {
    'src/core/base/a.ts': 'export const a = 1;',
    'src/core/crypto/b.ts': "import { a } from '../base/a.ts';\nexport const b = a;",
    'src/cli/c.ts': "import { b } from '../core/crypto/b.ts';\nexport const c = b;",
    'src/cli/main.ts': 'export const main = 1;',
    'src/commands/d.ts': "import { c } from '../cli/c.ts';\nexport default c;",
  };

  test('a project in order has no findings', async () => {
    expect(await layers(await plant(clean))).toEqual([]);
  });

  test.each([
    ['core-rank', { 'src/core/base/up.ts': "import { b } from '../crypto/b.ts';\nexport const up = b;" }],
    ['core-rank', { 'src/core/base/up.ts': "import type { b } from '../crypto/b.ts';\nexport type Up = typeof b;" }],
    ['core-stands-alone', { 'src/core/crypto/up.ts': "import { c } from '../../cli/c.ts';\nexport const up = c;" }],
    ['core-stands-alone', { 'src/core/crypto/up.ts': "import { Command } from '@oclif/core/command';\nexport const up = Command;" }],
    ['cli-below-commands', { 'src/cli/up.ts': "import d from '../commands/d.ts';\nexport const up = d;" }],
    ['commands-alone', { 'src/commands/e.ts': "import d from './d.ts';\nexport default d;" }],
    ['resolvable', { 'src/cli/lost.ts': "import { gone } from './gone.ts';\nexport const lost = gone;" }],
    ['core-rank', { 'src/core/attic/a.ts': 'export const a = 1;' }],
  ])('%s is found', async (rule, planted: Record<string, string>) => {
    expect(rulesOf(await layers(await plant({ ...clean, ...planted })))).toEqual([rule]);
  });

  test('a cycle is found, one of types alone is not', async () => {
    const one = "import { two } from './two.ts';\nexport const one = (): number => two();";
    const two = "import { one } from './one.ts';\nexport const two = (): number => one();";
    expect(rulesOf(await layers(await plant({ ...clean, 'src/core/base/one.ts': one, 'src/core/base/two.ts': two })))).toEqual(['no-cycle']);
    const typed = "import type { one } from './one.ts';\nexport const two = (): number => 1;\nexport type One = typeof one;";
    expect(await layers(await plant({ ...clean, 'src/core/base/one.ts': one, 'src/core/base/two.ts': typed }))).toEqual([]);
  });

  test('a heavy module at the top of what a command imports is found with the way to it', async () => {
    const heavy = { 'src/core/base/curve.ts': "import { ed25519 } from '@noble/curves/ed25519.js';\nexport const curve = ed25519;" };
    const far = { ...heavy, 'src/commands/e.ts': "import { curve } from '../core/base/curve.ts';\nexport default curve;" };
    const [finding] = await layers(await plant({ ...clean, ...far }));
    expect(finding).toMatchObject({ rule: 'heavy-import', file: 'src/commands/e.ts' });
    expect(finding?.message).toContain('src/core/base/curve.ts -> node_modules/@noble/curves');
    const builtin = { 'src/commands/e.ts': "import { DatabaseSync } from 'node:sqlite';\nexport default DatabaseSync;" };
    expect(rulesOf(await layers(await plant({ ...clean, ...builtin })))).toEqual(['heavy-import']);
    const late = { ...heavy, 'src/commands/e.ts': "export default async () => (await import('../core/base/curve.ts')).curve;" };
    expect(await layers(await plant({ ...clean, ...late }))).toEqual([]);
  });

  test('no modules seen is a failure', async () => {
    expect(rulesOf(await layers(await plant({ 'src/readme.md': 'nothing' })))).toEqual(['layers']);
  });
});

describe('tidy', () => {
  test.each([
    ['no-console', 'src/cli/a.ts', "console.log('x');"],
    ['no-exit', 'src/cli/a.ts', 'process.exit(1);'],
    ['no-clock', 'src/core/a.ts', 'export const a = Date.now();'],
    ['no-clock', 'src/core/a.ts', 'export const a = new Date();'],
    ['no-clock', 'src/core/a.ts', 'export const a = performance.now();'],
    ['no-timer', 'src/core/a.ts', 'setTimeout(() => undefined, 1);'],
    ['no-timer', 'src/core/a.ts', 'export const later = setTimeout;'],
    ['no-chance', 'src/core/a.ts', 'export const a = Math.random();'],
    ['no-chance', 'src/core/a.ts', "import { randomBytes } from 'node:crypto';\nexport const a = randomBytes(8);"],
    ['no-terminal', 'src/core/a.ts', "process.stdout.write('x');"],
    ['no-terminal', 'src/commands/a.ts', "process.stderr.write('x');"],
    ['no-environment', 'src/core/a.ts', "export const a = process.env['HOME'];"],
    ['no-locale', 'src/core/a.ts', "export const a = ['b'].sort((x, y) => x.localeCompare(y));"],
    ['no-locale', 'src/cli/a.ts', "export const a = new Intl.Collator();"],
    ['tag-length', 'src/core/a.ts', "import { createDecipheriv } from 'node:crypto';\nexport const a = createDecipheriv('aes-256-gcm', k, n);"],
    ['tag-length', 'src/core/a.ts', "import * as c from 'node:crypto';\nexport const a = c.createDecipheriv(name, k, n, { highWaterMark: 1 });"],
  ])('%s is found in %s', async (rule, file, text) => {
    expect(rulesOf(tidy(await plant({ [file]: text })))).toEqual([rule]);
  });

  test('homes and harmless twins are left alone', async () => {
    const root = await plant({
      'src/core/base/clock.ts': 'export const now = () => Date.now(); setTimeout(() => undefined, 1);',
      'src/core/base/rng.ts': "import { randomFillSync } from 'node:crypto'; randomFillSync(new Uint8Array(1));",
      'src/core/a.ts': "export const a = new Date(0); clock.setTimeout(1); const text = 'Date.now() console.log()'; // process.exit(1)",
      'src/core/b.ts': "createDecipheriv('aes-256-gcm', k, n, { authTagLength: 16 }); createDecipheriv('aes-256-cbc', k, n);",
      'src/cli/c.ts': "process.stdout.write('x');",
    });
    expect(tidy(root)).toEqual([]);
  });

  test('no files seen is a failure', async () => {
    expect(rulesOf(tidy(await plant({})))).toEqual(['tidy']);
  });
});

describe('oxlint', () => {
  test('a floating promise and an explicit any are found', async () => {
    const root = await plant({ 'src/a.ts': 'export const later = async (): Promise<number> => 1;\nexport const go = (): void => {\n  later();\n};\nexport const x = (y: any): any => y;\n' });
    const rules = rulesOf(await oxlint(root));
    expect(rules).toContain('typescript(no-floating-promises)');
    expect(rules).toContain('typescript(no-explicit-any)');
  });

  test('a clean file has no findings', async () => {
    expect(await oxlint(await plant({ 'src/a.ts': 'export const one = (): number => 1;\n' }))).toEqual([]);
  });
});

describe('dead code', () => {
  test('a dead file and an unused export are found', async () => {
    const root = await plant({
      'src/core/index.ts': "import { used } from './base/used.ts';\nexport const face = used;",
      'src/core/base/used.ts': 'export const used = 1;\nexport const unused = 2;',
      'src/core/base/dead.ts': 'export const dead = 1;',
    });
    const found = (await deadCode(root)).filter(({ rule }) => rule === 'knip/files' || rule === 'knip/exports');
    expect(found.map(({ rule, file }) => `${rule} ${file}`).sort()).toEqual(['knip/exports src/core/base/used.ts', 'knip/files src/core/base/dead.ts']);
  });
});

describe('length', () => {
  const lines = (count: number): string => 'export {};\n'.repeat(count);
  const long = `export function big(): void {\n${'  void 0;\n'.repeat(80)}}\n`;

  test('a long file and a long function are found', async () => {
    const found = ratchet(await plant({ 'src/a.ts': lines(400), 'src/b.ts': long }));
    expect(found.map(({ file }) => file)).toEqual(['src/a.ts', 'src/b.ts']);
  });

  test('what stands on the list may not grow, and must leave it when it is short', async () => {
    const files = { 'src/a.ts': lines(400), 'src/b.ts': long };
    const listed = (list: object) => plant({ ...files, 'tools/lint/ratchet.json': JSON.stringify(list) });
    expect(ratchet(await listed({ 'src/a.ts': 400, 'src/b.ts#big': 82 }))).toEqual([]);
    expect(ratchet(await listed({ 'src/a.ts': 399, 'src/b.ts#big': 82 }))).toHaveLength(1);
    expect(ratchet(await listed({ 'src/a.ts': 401, 'src/b.ts#big': 82 }))).toHaveLength(1);
    expect(ratchet(await listed({ 'src/a.ts': 400, 'src/b.ts#big': 82, 'src/c.ts': 500 }))).toHaveLength(1);
  });
});

describe('words', () => {
  const reminder = ['TO', 'DO'].join('');
  const beside = ['..', 'shared'].join('/');
  const machine = ['', 'work', 'main'].join('/');

  test.each([
    ['no-reminder', 'src/a.ts', `// ${reminder}: later`],
    ['stands-alone', 'src/a.ts', `const folder = '${beside}/vectors';`],
    ['stands-alone', 'src/a.ts', `const folder = '${machine}/x';`],
    ['no-conflict', 'src/a.ts', `${'<'.repeat(7)} HEAD`],
  ])('%s is found', async (rule, file, text) => {
    expect(rulesOf(words(await plant({ [file]: text }), [file]))).toEqual([rule]);
  });

  test('.ci/run may look beside the checkout, and no files seen is a failure', async () => {
    expect(words(await plant({ '.ci/run': `vectors=${beside}/vectors` }), ['.ci/run'])).toEqual([]);
    expect(words(await plant({}), [])).toHaveLength(1);
  });
});

describe('commands', () => {
  const entry: CatalogueEntry = {
    id: 'store list',
    summary: 'List the messages of the store',
    description: '',
    impact: 'read',
    opensKey: false,
    streams: false,
    args: [],
    flags: [],
    exits: [{ exit: 0, meaning: 'done' }],
    examples: [{ command: 'omniplex store list', description: 'all of them' }],
    schema: { type: 'object' },
    seeAlso: [],
  };
  const withPage = (): Promise<string> => plant({ 'man/omniplex-store-list.1': '.Dd' });

  test('a command in order has no findings', async () => {
    expect(commandRules(await withPage(), [entry])).toEqual([]);
  });

  test.each<[string, Partial<CatalogueEntry>]>([
    ['a summary', { summary: '' }],
    ['a short summary', { summary: 'x'.repeat(81) }],
    ['a summary without a mark at its end', { summary: 'List.' }],
    ['an impact', { impact: 'none' as 'read' }],
    ['an example', { examples: [] }],
    ['an example of itself', { examples: [{ command: 'omniplex send', description: '' }] }],
    ['a schema', { schema: {} }],
    ['exits', { exits: [] }],
  ])('lacks %s', async (_, change) => {
    expect(commandRules(await withPage(), [{ ...entry, ...change }])).not.toEqual([]);
  });

  test('lacks a man page', async () => {
    expect(commandRules(await plant({}), [entry])).toHaveLength(1);
  });

  test('no commands seen is a failure', async () => {
    expect(commandRules(await plant({}), [])).toHaveLength(1);
  });
});

describe('grammar', () => {
  test.each(['send', 'store list', 'store lock break', 'audit checkpoint list', 'audit proof verify', 'key share verify', 'check all', 'bench pq', 'contact rename'])('%s is a name', (id) => {
    expect(grammarFault(id)).toBeUndefined();
  });

  test.each(['stat', 'store stat', 'store get', 'identity new', 'key generate', 'store info', 'check-store', 'store check-x', 'store verify-all', 'store ls', 'store rm', 'list', 'sends'])(
    '%s is refused',
    (id) => {
      expect(grammarFault(id)).toBeDefined();
    },
  );

  test.each(['store block list', 'inbox message show', 'check', 'check store all', 'check list', 'bench list', 'store lock', 'contact show all', 'store lock list all', 'contact restore'])('%s is refused', (id) => {
    expect(grammarFault(id)).toBeDefined();
  });
});

describe('error codes', () => {
  const facts: CodeFacts = { codes: ['E_A'], documented: new Set(['E_A']), thrown: new Set(['E_A']), tested: new Set(['E_A']), excused: [] };

  test('a code in order has no findings', () => {
    expect(codeFindings(facts)).toEqual([]);
    expect(codeFindings({ ...facts, tested: new Set(), excused: ['E_A'] })).toEqual([]);
  });

  test.each<[string, Partial<CodeFacts>]>([
    ['undocumented', { documented: new Set() }],
    ['never thrown', { thrown: new Set() }],
    ['untested', { tested: new Set() }],
    ['tested and still excused', { excused: ['E_A'] }],
    ['excused and gone', { excused: ['E_B'] }],
    ['thrown and not registered', { thrown: new Set(['E_A', 'E_B']) }],
  ])('%s is found', (_, change) => {
    expect(codeFindings({ ...facts, ...change })).toHaveLength(1);
  });
});
