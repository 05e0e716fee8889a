/** Every command line that a page, a hint or a man page names is one that the program takes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { CatalogueEntry } from '../../src/cli/catalogue.ts';
import { registry, warnings } from '../../src/core/base/errors.ts';
import { sourceCatalogue } from '../../tools/catalogue.ts';
import { ROOT } from '../support/run.ts';
import { codeSpans, pages } from './markdown.ts';
import { refusal, shellWords } from './typed.ts';

let catalogue: readonly CatalogueEntry[] = [];
beforeAll(async () => {
  catalogue = await sourceCatalogue();
});

/** `where: the line: why not`, of all lines that begin with the command. */
function refused(where: string, lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    const words = shellWords(line);
    if (words[0] !== 'omniplex') return [];
    const why = refusal(words.slice(1), catalogue);
    return why === undefined ? [] : [`${where}: ${line}: ${why}`];
  });
}

/** Lines of a script, continued ones joined, and what stands behind an operator or in a substitution on its own. */
function scriptLines(text: string): readonly string[] {
  const inner = [...text.matchAll(/\$\(([^)]*)\)/g)].map(([, command = '']) => command);
  return [text.replaceAll(/\$\([^)]*\)/g, 'VALUE'), ...inner].flatMap((part) => part.replaceAll('\\\n', ' ').split(/\n|&&|\|\||[|;]/)).map((line) => line.trim());
}

test('in pages', () => {
  const all = pages();
  expect(all.flatMap((page) => refused(page.path, [...codeSpans(page), ...page.fences.flatMap(({ text }) => scriptLines(text))]))).toEqual([]);
  expect(all.flatMap(codeSpans).filter((code) => code.startsWith('omniplex ')).length).toBeGreaterThan(30);
});

test('in hints and warnings', () => {
  const texts = [...Object.entries(registry).map(([code, { hint, text }]) => [code, `${text} ${hint}`] as const), ...Object.entries(warnings)];
  // {name} stands for what is put in when it is told
  const spans = texts.map(([code, text]) => [code, [...text.replaceAll(/\{\w+\}/g, 'NAME').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)] as const);
  expect(spans.flatMap(([code, lines]) => refused(code, lines.map((line) => line.replace('omniplex NAME list', 'omniplex contact list'))))).toEqual([]);
});

test('in the examples of commands, and in what they suggest beside themselves', () => {
  expect(catalogue.flatMap(({ id, examples }) => refused(id, examples.flatMap(({ command }) => scriptLines(command))))).toEqual([]);
  const ids = new Set(catalogue.flatMap(({ id }) => [id, ...id.split(' ').slice(0, -1)]));
  expect(catalogue.flatMap(({ id, seeAlso }) => seeAlso.filter((name) => !name.startsWith('help ') && !ids.has(name)).map((name) => `${id}: ${name}`))).toEqual([]);
});

test('in man pages that people write', () => {
  const names = readdirSync(join(ROOT, 'man')).filter((name) => /\.[57]$/.test(name));
  const lines = names.flatMap((name) => readFileSync(join(ROOT, 'man', name), 'utf8').split('\n').filter((line) => line.startsWith('.Dl ')).map((line) => line.slice(4)));
  expect(refused('man', lines)).toEqual([]);
  expect(lines.length).toBeGreaterThan(0);
});

test.each([
  ['inspect FILE', undefined],
  ['store lock break NAME --confirm NAME', undefined],
  ['check', undefined],
  ['COMMAND --help', undefined],
  ["outbox list --where 'state = lost'", undefined],
  ['store destroy', 'there is no such command'],
  ['inspect FILE --force', 'it has no flag --force'],
  ['inspect A B', 'it takes 1 arguments'],
  ['send FILE --durability iron', '--durability is not iron'],
  ['outbox export CID --out', '--out needs a value'],
])('omniplex %s: %s', (line, why) => {
  expect(refusal(shellWords(line), catalogue)).toBe(why);
});
