/** What a lint rule says about one place. A rule is a function of a project folder, so that tests can run it on a planted violation. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { sourcesBelow } from '../commands.ts';

export interface Finding {
  readonly rule: string;
  /** Relative to the project. */
  readonly file: string;
  readonly line?: number;
  readonly message: string;
}

export interface Source {
  readonly file: string;
  readonly tree: ts.SourceFile;
}

/** The syntax trees of every .ts file below these folders. */
export function parseSources(root: string, folders: readonly string[]): Source[] {
  return folders
    .flatMap((folder) => sourcesBelow(join(root, folder)))
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      return { file: relative(root, path).replaceAll('\\', '/'), tree: ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true) };
    });
}

export const lineOf = ({ tree }: Source, node: ts.Node): number => tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;

export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

export const show = ({ rule, file, line, message }: Finding): string => `${file}${line === undefined ? '' : `:${line}`}: ${message} [${rule}]`;
