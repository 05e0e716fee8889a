/** The parts of our Markdown that can be tested: fenced blocks, inline code, headings, links. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../support/run.ts';

export interface Fence {
  /** The first word of its info string. */
  readonly language: string;
  /** What else stands there: who runs it. */
  readonly note: string;
  readonly text: string;
  readonly line: number;
  /** Heading of level two above it. */
  readonly section: string;
}

export interface Page {
  /** Relative to the project. */
  readonly path: string;
  readonly text: string;
  readonly fences: readonly Fence[];
  /** Without fences and indented blocks. */
  readonly prose: string;
  /** Blocks that are indented by four spaces and no part of a list. */
  readonly indented: readonly string[];
  readonly headings: readonly string[];
}

const FENCE = /^```(\S*) ?(.*)$/;

function parsePage(path: string, text: string): Page {
  const fences: Fence[] = [];
  const prose: string[] = [];
  const indented: string[] = [];
  const headings: string[] = [];
  let open: { language: string; note: string; line: number; lines: string[] } | undefined;
  let section = '';
  text.split('\n').forEach((line, at) => {
    const fence = FENCE.exec(line);
    if (open !== undefined) {
      if (line !== '```') return void open.lines.push(line);
      fences.push({ ...open, text: `${open.lines.join('\n')}\n`, section });
      open = undefined;
    } else if (fence !== null) {
      open = { language: fence[1] ?? '', note: fence[2] ?? '', line: at + 1, lines: [] };
    } else if (line.startsWith('    ')) {
      indented.push(line.slice(4));
    } else {
      prose.push(line);
      const heading = /^(#{1,4}) (.*)$/.exec(line);
      if (heading?.[1] === '##') section = heading[2] ?? '';
      if (heading !== null) headings.push(heading[2] ?? '');
    }
  });
  if (open !== undefined) throw new Error(`${path}: a block that begins at line ${open.line} does not end`);
  return { path, text, fences, prose: prose.join('\n'), indented, headings };
}

const GENERATED = /^(?:docs\/(?:ERRORS|LIMITS)\.md)$/;

/** Every page that people write. */
export function pages(): readonly Page[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const below = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => join('docs', name));
  return [...top, ...below]
    .map((name) => relative(ROOT, join(ROOT, name)))
    .filter((name) => !GENERATED.test(name))
    .sort()
    .map((name) => parsePage(name, readFileSync(join(ROOT, name), 'utf8')));
}

export const page = (path: string): Page => parsePage(path, readFileSync(join(ROOT, path), 'utf8'));

/** Inline code, spans broken over lines included. */
export const codeSpans = ({ prose }: Page): readonly string[] => [...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll(/\s+/g, ' ').trim());

/** As GitHub makes anchors of headings. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[`*]/g, '')
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
