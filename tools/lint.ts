/**
 * The checks that a machine can make: `npm run lint [-- NAME..] [-- --ratchet]`. Prints each finding with its place and rule, then one
 * line; exit 1 when there is any. With names, only those checks run. test/tooling/lint.test.ts plants a violation of each.
 */
import { sourceCatalogue } from './catalogue.ts';
import { ROOT } from './commands.ts';
import { commandRules } from './lint/commands.ts';
import { deadCode } from './lint/dead-code.ts';
import { errorCodes, tightenCodes } from './lint/error-codes.ts';
import { show, type Finding } from './lint/finding.ts';
import { layers } from './lint/layers.ts';
import { oxlint } from './lint/oxlint.ts';
import { ratchet, tightenLengths } from './lint/ratchet.ts';
import { tidy } from './lint/tidy.ts';
import { words } from './lint/words.ts';

const CHECKS: Readonly<Record<string, () => Finding[] | Promise<Finding[]>>> = {
  oxlint: () => oxlint(ROOT),
  'dead-code': () => deadCode(ROOT),
  layers: () => layers(ROOT),
  tidy: () => tidy(ROOT),
  length: () => ratchet(ROOT),
  words: () => words(ROOT),
  commands: async () => commandRules(ROOT, await sourceCatalogue()),
  'error-codes': () => errorCodes(ROOT),
};

/** A check that throws is a finding: it must not pass because it broke. */
async function outcome(name: string): Promise<Finding[]> {
  const check = CHECKS[name];
  if (check === undefined) return [{ rule: 'usage', file: 'tools/lint.ts', message: `there is no check ${name}; there are ${Object.keys(CHECKS).join(', ')}` }];
  try {
    return await check();
  } catch (error) {
    return [{ rule: name, file: '.', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }];
  }
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--ratchet')) {
    tightenLengths(ROOT);
    tightenCodes(ROOT);
  }
  const asked = args.filter((arg) => !arg.startsWith('-'));
  const names = asked.length > 0 ? asked : Object.keys(CHECKS);
  const findings = (await Promise.all(names.map(outcome))).flat();
  for (const finding of findings) process.stdout.write(`${show(finding)}\n`);
  process.stdout.write(`lint: ${names.length} checks, ${findings.length} findings\n`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}

await main();
