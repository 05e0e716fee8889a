/** Links lead somewhere, and so do the pointers to specifications in the code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { limitTable } from '../../src/core/base/limits.ts';
import { ROOT } from '../support/run.ts';
import { anchorOf, page, pages } from './markdown.ts';

test('every link of a page leads to a file, and to a heading in it', () => {
  const broken = pages().flatMap(({ path, prose }) =>
    [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : normalize(join(dirname(path), file));
        if (!existsSync(join(ROOT, target))) return true;
        return anchor !== undefined && !page(target).headings.some((heading) => anchorOf(heading) === anchor);
      })
      .map((link) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
});

/** `docs/PROTOCOL.md, Packet`: a page and how one of its headings begins. */
const POINTER = /\b(docs\/[A-Za-z/-]+\.md)(?:, ([A-Z][A-Za-z -]*[a-z]))?/g;

function brokenPointers(where: string, text: string): readonly string[] {
  return [...text.matchAll(POINTER)].flatMap(([whole, path = '', heading]) => {
    if (!existsSync(join(ROOT, path))) return [`${where}: ${whole}`];
    const isThere = heading === undefined || page(path).headings.some((one) => one.startsWith(heading.replace(/ and .*$/, '')));
    return isThere ? [] : [`${where}: ${whole}`];
  });
}

test('every limit names its reason where it is written down', () => {
  expect(Object.entries(limitTable).flatMap(([name, { source }]) => brokenPointers(name, source))).toEqual([]);
});

test('every pointer of the code to a page leads to a section of it', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('limits.ts'));
  expect(files.flatMap((name) => brokenPointers(name, readFileSync(join(ROOT, 'src', name), 'utf8')))).toEqual([]);
});
