/**
 * What a code means and what to do: from the registry, and from docs/RUNBOOK.md, which is part of the package.
 * A section of the runbook belongs to the codes that its heading names: `## A lock is not let go (E_LOCKED, E_FENCE_STALE)`.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, isErrorCode, registry, warnings, type ErrorCode, type Retry, type WarningCode } from '../core/base/errors.ts';
import { isMissing } from '../core/base/files.ts';
import { nearest } from '../core/base/near.ts';
import { commandsTable } from './commands-table.ts';
import { exitMeanings } from './exits.ts';
import { listedRows, wrapped } from './help-text.ts';
import type { View } from './output.ts';
import { withPlaceholders } from './trouble.ts';

export interface RunbookSection {
  readonly title: string;
  readonly codes: readonly string[];
  readonly steps: readonly string[];
}

export interface Explanation {
  readonly code: string;
  readonly kind: 'error' | 'warning';
  readonly text: string;
  readonly hint: string | null;
  readonly exit: number | null;
  readonly meaning: string | null;
  readonly http: number | null;
  readonly retry: Retry | null;
  readonly runbook: readonly { readonly title: string; readonly steps: readonly string[] }[];
}

const NEAR_MAX = 3;

/** A known code in any case, or an exit code that errors end with. Throws E_USAGE with the nearest codes; the E_ may be missing. */
export function parseCode(typed: string): string {
  const code = typed.toUpperCase();
  if (isErrorCode(code) || Object.hasOwn(warnings, code) || codesOfExit(code).length > 0) return code;
  const known = [...Object.keys(registry), ...Object.keys(warnings)];
  const near = [...new Set([code, `E_${code}`, `W_${code}`].flatMap((one) => nearest(one, known)))].slice(0, NEAR_MAX);
  const meant = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
  throw fail('E_USAGE', { why: `there is no such code${meant}`, hint: '`omniplex help errors` lists the codes of errors and warnings, `omniplex help exit-codes` those a command ends with.' });
}

const codesOfExit = (exit: string): readonly ErrorCode[] => (Object.keys(registry) as ErrorCode[]).filter((code) => String(registry[code].exit) === exit);

/** The sections of a runbook: level-two headings and what stands below them. */
export function runbookSections(markdown: string): readonly RunbookSection[] {
  return markdown
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...body] = section.split('\n');
      return {
        title: heading.replace(/\s*\([^)]*\bE_[^)]*\)\s*$/, '').trim(),
        codes: heading.match(/\b[EW]_[A-Z0-9_]+\b/g) ?? [],
        steps: body.map((line) => line.trimEnd()).filter((line) => line !== '' && !line.startsWith('```')),
      };
    });
}

async function runbook(): Promise<readonly RunbookSection[]> {
  try {
    return runbookSections(await readFile(join(commandsTable().parts.root, 'docs', 'RUNBOOK.md'), 'utf8'));
  } catch (error) {
    if (isMissing(error)) return [];
    throw fail('E_IO', { path: 'docs/RUNBOOK.md', why: 'cannot be read' }, error);
  }
}

function explained(code: string, sections: readonly RunbookSection[]): Explanation {
  const steps = sections.filter(({ codes }) => codes.includes(code)).map(({ title, steps: lines }) => ({ title, steps: lines }));
  if (!isErrorCode(code)) {
    return { code, kind: 'warning', text: warnings[code as WarningCode], hint: null, exit: null, meaning: null, http: null, retry: null, runbook: steps };
  }
  const { text, hint, exit, http, retry } = registry[code];
  return { code, kind: 'error', text, hint, exit, meaning: exitMeanings[exit] ?? null, http, retry, runbook: steps };
}

export async function explain(code: string): Promise<readonly Explanation[]> {
  const sections = await runbook();
  const codes = /^\d+$/.test(code) ? codesOfExit(code) : [code];
  return codes.map((one) => explained(one, sections));
}

const RETRY = { yes: 'yes, the same call may work later', no: 'no, the same call fails again until somebody does what the hint says', unknown: 'it may have happened: repeat with the same --id' } as const;

const STEP = /^\d+\. /;

/** A step with the lines that it goes on in as one line; commands between steps stay lines of their own. */
function stepsOf(lines: readonly string[]): readonly string[] {
  const steps: string[] = [];
  for (const line of lines) {
    if (line.startsWith('   ') && STEP.test(steps.at(-1) ?? '')) steps.push(`${steps.pop()} ${line.trim()}`);
    else steps.push(line);
  }
  return steps;
}

export function explanationLines(view: View, { code, text, hint, exit, meaning, http, retry, runbook: sections }: Explanation): readonly string[] {
  const { paint } = view;
  const columns = Math.min(100, view.columns);
  const rows: readonly (readonly [string, string])[] = [
    ...(hint === null ? [] : [['hint', withPlaceholders(hint)] as const]),
    ...(exit === null ? [] : [['exit', `${exit}: ${meaning ?? ''}`] as const]),
    ...(retry === null ? [] : [['retry', RETRY[retry]] as const]),
    ...(http === null ? [] : [['http', `${http}, from a node`] as const]),
  ];
  return [
    paint.mark(code),
    ...wrapped(withPlaceholders(text), columns),
    '',
    ...(rows.length === 0 ? ['A warning: it never changes the exit code.'] : listedRows(view, rows, paint.bold)),
    ...sections.flatMap(({ title, steps }) => ['', paint.bold(title), ...stepsOf(steps).flatMap((step) => (STEP.test(step) ? wrapped(step, columns, '   ') : [step]))]),
  ];
}
