/**
 * Every error code is documented and produced by a test. Codes without a test stand in tools/lint/untested-codes.json, which may only
 * shrink; a code that nothing in src throws is dead.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { registry } from '../../src/core/base/errors.ts';
import { sourcesBelow } from '../commands.ts';
import type { Finding } from './finding.ts';
import { readList } from './ratchet.ts';

const REGISTRY = 'src/core/base/errors.ts';
const UNTESTED = 'tools/lint/untested-codes.json';

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The codes that occur in these files, as whole words; `E_PACKET_*` in a comment is a family and no code. */
function codesIn(root: string, folder: string, except: string): Set<string> {
  const files = sourcesBelow(join(root, folder)).filter((file) => relative(root, file) !== except);
  return new Set(files.flatMap((file) => textOf(file).match(/\bE_[A-Z0-9_]*[A-Z0-9]\b(?!\*)/g) ?? []));
}

export interface CodeFacts {
  readonly codes: readonly string[];
  readonly documented: ReadonlySet<string>;
  readonly thrown: ReadonlySet<string>;
  readonly tested: ReadonlySet<string>;
  /** Known to have no test yet. */
  readonly excused: readonly string[];
}

export function codeFindings({ codes, documented, thrown, tested, excused }: CodeFacts): Finding[] {
  const found = (message: string, file = REGISTRY): Finding => ({ rule: 'error-code', file, message });
  const known = new Set(codes);
  return [
    ...codes.filter((code) => !documented.has(code)).map((code) => found(`${code} is not in docs/ERRORS.md: npm run docs`)),
    ...codes.filter((code) => !thrown.has(code)).map((code) => found(`nothing throws ${code}`)),
    ...codes.filter((code) => !tested.has(code) && !excused.includes(code)).map((code) => found(`no test produces ${code}`)),
    ...excused.filter((code) => tested.has(code)).map((code) => found(`${code} has a test now: take it off the list`, UNTESTED)),
    ...excused.filter((code) => !known.has(code)).map((code) => found(`${code} does not exist: take it off the list`, UNTESTED)),
    ...[...thrown].filter((code) => !known.has(code)).map((code) => found(`${code} is used in src and not in the registry`)),
  ];
}

function factsOf(root: string): CodeFacts {
  return {
    codes: Object.keys(registry),
    documented: new Set(textOf(join(root, 'docs', 'ERRORS.md')).match(/\bE_[A-Z0-9_]+\b/g) ?? []),
    thrown: codesIn(root, 'src', REGISTRY),
    tested: codesIn(root, 'test', ''),
    excused: readList<string[]>(join(root, UNTESTED)) ?? [],
  };
}

export const errorCodes = (root: string): Finding[] => codeFindings(factsOf(root));

/** Takes the codes that have a test off the list. Never adds one, but where there is no list yet. */
export function tightenCodes(root: string): void {
  const { codes, tested, excused } = factsOf(root);
  const isNew = readList(join(root, UNTESTED)) === undefined;
  const kept = (isNew ? codes : excused).filter((code) => codes.includes(code) && !tested.has(code));
  writeFileSync(join(root, UNTESTED), `${JSON.stringify(kept.sort(), null, 2)}\n`);
}
