/**
 * Lengths that only ever shrink. A file or function beyond its limit must stand in tools/lint/ratchet.json with its length; it may
 * get shorter, never longer, and once it is shorter the entry must follow (`npm run lint -- --ratchet` writes it anew). New ones are
 * refused, so that the list can only empty.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { lineOf, parseSources, visit, type Finding, type Source } from './finding.ts';

const FILE_LINES = 320;
const TEST_FILE_LINES = 500;
const FUNCTION_LINES = 60;

/** A place (`path` or `path#function`) and its lines. */
export type Lengths = Readonly<Record<string, number>>;

const isFunction = (node: ts.Node): boolean =>
  ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node) || ts.isArrowFunction(node) || ts.isFunctionExpression(node);

function nameOf(node: ts.Node): string {
  const named = node as ts.Node & { readonly name?: ts.Node };
  if (named.name !== undefined) return named.name.getText();
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name.getText() : 'anonymous';
}

function tooLong(source: Source): [place: string, lines: number, line: number][] {
  const { file, tree } = source;
  const isTest = file.startsWith('test/');
  const lines = tree.getLineAndCharacterOfPosition(tree.end).line;
  const found: [string, number, number][] = lines > (isTest ? TEST_FILE_LINES : FILE_LINES) ? [[file, lines, 1]] : [];
  if (isTest) return found;
  visit(tree, (node) => {
    if (!isFunction(node)) return;
    const first = lineOf(source, node);
    const length = tree.getLineAndCharacterOfPosition(node.end).line + 2 - first;
    if (length > FUNCTION_LINES) found.push([`${file}#${nameOf(node)}`, length, first]);
  });
  return found;
}

const ratchetFile = (root: string): string => join(root, 'tools', 'lint', 'ratchet.json');

/** The list, or undefined where none was ever written. */
export function readList<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const measured = (root: string) => parseSources(root, ['src', 'tools', 'test']).flatMap(tooLong);

export function ratchet(root: string): Finding[] {
  const allowed = readList<Lengths>(ratchetFile(root)) ?? {};
  const found = measured(root);
  const findings: Finding[] = [];
  for (const [place, lines, line] of found) {
    const [file = place] = place.split('#');
    const limit = allowed[place];
    if (limit === undefined) findings.push({ rule: 'length', file, line, message: `${place} has ${lines} lines: split it` });
    else if (lines > limit) findings.push({ rule: 'length', file, line, message: `${place} grew from ${limit} to ${lines} lines` });
    else if (lines < limit) findings.push({ rule: 'length', file, line, message: `${place} shrank from ${limit} to ${lines} lines: npm run lint -- --ratchet` });
  }
  const present = new Set(found.map(([place]) => place));
  for (const place of Object.keys(allowed)) {
    if (!present.has(place)) findings.push({ rule: 'length', file: 'tools/lint/ratchet.json', message: `${place} is short now: npm run lint -- --ratchet` });
  }
  return findings;
}

/** Lowers the recorded lengths to the present ones and drops what is short. Never raises or adds one, but where there is no list yet. */
export function tightenLengths(root: string): void {
  const allowed = readList<Lengths>(ratchetFile(root));
  const kept = measured(root)
    .filter(([place]) => allowed === undefined || place in allowed)
    .map(([place, lines]) => [place, Math.min(lines, allowed?.[place] ?? lines)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(ratchetFile(root), `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
}
