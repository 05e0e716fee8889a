/** The generators: what they write is well formed, and a stale or left-over file is noticed. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CatalogueEntry } from '../../src/cli/catalogue.ts';
import { registry } from '../../src/core/base/errors.ts';
import { limitTable } from '../../src/core/base/limits.ts';
import { sourceCatalogue } from '../../tools/catalogue.ts';
import { generatedFiles, staleness } from '../../tools/docs.ts';
import { readable } from '../../tools/docs/limits.ts';
import { manPages } from '../../tools/docs/man.ts';
import { table } from '../../tools/docs/markdown.ts';
import { withCommandTable } from '../../tools/docs/readme.ts';
import { freshFolder } from '../support/folder.ts';
import { have } from '../support/needs.ts';
import { ROOT, runProcess } from '../support/run.ts';

let catalogue: readonly CatalogueEntry[] = [];
let files: ReadonlyMap<string, string> = new Map();
beforeAll(async () => {
  catalogue = await sourceCatalogue();
  files = generatedFiles(ROOT, catalogue);
});

async function written(texts: ReadonlyMap<string, string>): Promise<string> {
  const folder = await freshFolder();
  for (const [file, text] of texts) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  return folder;
}

/** mandoc looks for other pages in the system's folders alone; that ours exist is a test of its own. */
const OURS = /STYLE: referenced manual not found: Xr omniplex\S* \d/;

async function lintPages(pages: ReadonlyMap<string, string>): Promise<string[]> {
  const folder = await written(pages);
  const { stdout, stderr } = await runProcess('mandoc', ['-T', 'lint', ...[...pages.keys()].map((file) => join(folder, file))]);
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !OURS.test(line));
}

async function allPages(): Promise<Map<string, string>> {
  const names = (await readdir(join(ROOT, 'man')).catch(() => [])).filter((name) => /\.[57]$/.test(name));
  const byHand = await Promise.all(names.map(async (name) => [`man/${name}`, await readFile(join(ROOT, 'man', name), 'utf8')] as const));
  return new Map([...[...files].filter(([file]) => file.startsWith('man/')), ...byHand]);
}

describe('man pages', () => {
  test.skipIf(!have('mandoc'))('are clean under mandoc -T lint, written and generated ones', async () => {
    expect(await lintPages(await allPages())).toEqual([]);
  });

  test.skipIf(!have('mandoc'))('hold nasty text without breaking', async () => {
    const nasty = '.Sh EVIL "quoted" \\fBbold\\fR \'single, - minus | pipe .';
    const flag = { name: 'flag', description: nasty, value: 'A|B "x"', multiple: true, required: false, global: false };
    const entry: CatalogueEntry = {
      ...{ id: 'store list', summary: 'List .Sh things', description: `${nasty}\n\n'${nasty}`, impact: 'read', opensKey: false, streams: false },
      args: [{ name: 'CID', description: nasty, required: true, multiple: true }],
      flags: [flag],
      exits: [{ exit: 0, meaning: nasty }],
      examples: [{ command: `omniplex store list --where 'a = "b" \\\\'`, description: nasty }],
      schema: {},
      seeAlso: [],
    };
    expect(await lintPages(manPages([entry], []))).toEqual([]);
  });

  test.skipIf(!have('mandoc'))('show every example as it is typed', async () => {
    const folder = await written(await allPages());
    const unfilled = (text: string) => text.replaceAll(/\s+/g, ' ');
    for (const { id, examples } of catalogue) {
      const { stdout } = await runProcess('mandoc', ['-T', 'utf8', join(folder, `man/omniplex-${id.replaceAll(' ', '-')}.1`)]);
      const page = unfilled(stdout.replaceAll(/.\u0008/g, ''));
      for (const { command } of examples) expect(page).toContain(unfilled(command));
    }
  });

  test('give no macro a quote that ends or begins an argument where none was meant', async () => {
    const rest = (line: string) => line.replaceAll(/(?<= )"[^"]*"(?= |$)/g, '');
    const macros = [...(await allPages()).values()].flatMap((text) => text.split('\n')).filter((line) => line.startsWith('.') && !line.startsWith('.\\"'));
    expect(macros.filter((line) => rest(line).includes('"'))).toEqual([]);
    expect(manPages(catalogue, []).get('man/omniplex-completion.1')).toContain('.Dl "eval \\(dq$(omniplex completion bash)\\(dq"\n');
  });

  test('name only pages that exist', async () => {
    const pages = await allPages();
    const wanted = [...pages.values()].flatMap((text) => [...text.matchAll(/\bXr (omniplex\S*) (\d)/g)].map(([, name, section]) => `man/${name}.${section}`));
    expect(wanted.filter((file) => !pages.has(file))).toEqual([]);
  });

  test('there is one for each command, with its arguments, flags, exits and examples', () => {
    for (const { id, args, flags, exits, examples } of catalogue) {
      const text = files.get(`man/omniplex-${id.replaceAll(' ', '-')}.1`) ?? '';
      for (const { name } of args) expect(text).toContain(`Ar "${name}"`);
      for (const { name, global } of flags) if (!global) expect(text).toContain(`Fl Fl ${name}`);
      for (const { exit } of exits) expect(text).toContain(`.It ${exit}\n`);
      expect(text.match(/^\.Dl /gm)).toHaveLength(examples.length);
    }
  });
});

describe('schemas', () => {
  test('each is a JSON schema, and refuses an envelope that is none', () => {
    const schemas = [...files].filter(([file]) => file.startsWith('docs/schemas/'));
    expect(schemas).toHaveLength(catalogue.length);
    for (const [file, text] of schemas) {
      const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(text) as object);
      expect(validate({}), file).toBe(false);
    }
  });
});

test('every error code and every limit is on its page', () => {
  for (const code of Object.keys(registry)) expect(files.get('docs/ERRORS.md')).toContain(`### ${code}\n`);
  for (const name of Object.keys(limitTable)) expect(files.get('docs/LIMITS.md')).toContain(`\`${name}\``);
});

test.each([
  [{ value: 1_048_576, unit: 'bytes' }, '1 MiB'],
  [{ value: 262_400, unit: 'bytes' }, '262,400 bytes'],
  [{ value: 60_000, unit: 'ms' }, '1 min'],
  [{ value: 86_400_000, unit: 'ms' }, '1 day'],
  [{ value: 1_500, unit: 'ms' }, '1,500 ms'],
  [{ value: 4, unit: 'prekeys' }, '4 prekeys'],
])('%j is %s', (limit, expected) => {
  expect(readable(limit)).toBe(expected);
});

test('a bar in a cell does not end it', () => {
  expect(table(['a', 'b'], [['x|y', 'line\nbreak']])).toBe('| a    | b |\n|------|------------|\n| x\\|y | line break |');
});

test('the command table stands between its markers, and a page without them is refused', () => {
  const page = '# Title\n<!-- commands: generated by `npm run docs` -->\nprevious table\n<!-- end of commands -->\nrest\n';
  const made = withCommandTable(page, catalogue);
  expect(made).not.toContain('previous table');
  expect(made.endsWith('<!-- end of commands -->\nrest\n')).toBe(true);
  expect(withCommandTable(made, catalogue)).toBe(made);
  expect(() => withCommandTable('# Title', catalogue)).toThrow('README.md');
});

test('a stale file, a missing one and one that is left over are each noticed', async () => {
  const some = new Map([['man/omniplex.1', 'a'], ['docs/ERRORS.md', 'b'], ['docs/schemas/send.json', 'c']]);
  const folder = await written(some);
  expect(staleness(folder, some)).toEqual({ stale: [], left: [] });
  await writeFile(join(folder, 'docs', 'ERRORS.md'), 'B');
  expect(staleness(folder, new Map([...some, ['man/omniplex-send.1', 'd']]))).toEqual({ stale: ['docs/ERRORS.md', 'man/omniplex-send.1'], left: [] });
  expect(staleness(folder, new Map([['docs/ERRORS.md', 'B']]))).toEqual({ stale: [], left: ['man/omniplex.1', 'docs/schemas/send.json'] });
});
