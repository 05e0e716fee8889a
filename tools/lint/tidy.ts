/** House rules that a syntax tree can show: each thing that is given and never taken has one home. */
import ts from 'typescript';
import { lineOf, parseSources, visit, type Finding, type Source } from './finding.ts';

interface Rule {
  readonly name: string;
  readonly message: string;
  /** The files where it is allowed. */
  readonly home: RegExp;
  /** The folders where it holds. */
  readonly where: RegExp;
  readonly breaks: (node: ts.Node, tree: ts.SourceFile) => boolean;
}

const NOWHERE = /^$/;
const SOURCES = /^src\//;
const CLOCK = /^src\/core\/base\/clock\.ts$/;

/** `object.name`, as read or called. */
const member =
  (object: string, names: RegExp) =>
  (node: ts.Node): boolean =>
    ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === object && names.test(node.name.text);

/** A global by its bare name: not a property, not a declaration of that name. */
const global =
  (names: RegExp) =>
  (node: ts.Node): boolean => {
    if (!ts.isIdentifier(node) || !names.test(node.text)) return false;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
    return ts.isCallExpression(parent) || ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent);
  };

/** A call of one of these functions, imported or as a member. */
const called =
  (names: RegExp) =>
  (node: ts.Node): node is ts.CallExpression => {
    if (!ts.isCallExpression(node)) return false;
    const callee = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
    return ts.isIdentifier(callee) && names.test(callee.text);
  };

const isCipher = called(/^create(?:C|Dec)ipheriv$/);

function lacksTagLength(node: ts.Node, tree: ts.SourceFile): boolean {
  if (!isCipher(node)) return false;
  const [algorithm, , , options] = node.arguments;
  // Only a literal name shows that the mode has no tag.
  if (algorithm !== undefined && ts.isStringLiteral(algorithm) && !/gcm|ccm|ocb|poly1305/i.test(algorithm.text)) return false;
  return options === undefined || !options.getText(tree).includes('authTagLength');
}

const isBareDate = (node: ts.Node): boolean =>
  ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Date' && (node.arguments?.length ?? 0) === 0;

const rules: readonly Rule[] = [
  { name: 'no-console', where: SOURCES, home: NOWHERE, breaks: global(/^console$/), message: 'console: the answer and the talk go through src/cli/output.ts' },
  {
    name: 'no-exit',
    where: SOURCES,
    home: /^src\/cli\/output\.ts$/,
    breaks: member('process', /^(?:exit|abort|reallyExit)$/),
    message: 'process.exit cuts output that is still in a pipe: set process.exitCode (src/cli/output.ts ends what was cut short)',
  },
  {
    name: 'no-clock',
    where: SOURCES,
    home: CLOCK,
    breaks: (node) => member('Date', /^now$/)(node) || member('performance', /^now$/)(node) || member('process', /^(?:hrtime|uptime)$/)(node) || isBareDate(node),
    message: 'time is given, never taken: ask a Clock (src/core/base/clock.ts)',
  },
  {
    name: 'no-timer',
    where: SOURCES,
    home: CLOCK,
    breaks: global(/^set(?:Timeout|Interval)$/),
    message: 'timers are given, never taken: ask a Clock (src/core/base/clock.ts)',
  },
  {
    name: 'no-chance',
    where: SOURCES,
    home: /^src\/core\/base\/rng\.ts$/,
    breaks: (node) => member('Math', /^random$/)(node) || called(/^(?:randomBytes|randomFill(?:Sync)?|randomInt|randomUUID|getRandomValues)$/)(node),
    message: 'randomness is given, never taken: ask an Rng (src/core/base/rng.ts)',
  },
  {
    name: 'no-terminal',
    where: /^src\/(?:core|commands)\//,
    home: NOWHERE,
    breaks: member('process', /^(?:stdout|stderr|stdin)$/),
    message: 'only src/cli knows the terminal',
  },
  {
    name: 'no-environment',
    where: /^src\/(?:core|commands)\//,
    // A benchmark starts processes of its own.
    home: /^src\/core\/bench\//,
    breaks: member('process', /^env$/),
    message: 'the environment is read in src/cli and given',
  },
  {
    name: 'no-locale',
    where: SOURCES,
    home: NOWHERE,
    breaks: (node) => called(/^(?:localeCompare|toLocale\w+)$/)(node) || global(/^Intl$/)(node),
    message: 'the answer must not depend on the locale, and ICU takes 6 ms to boot: compare with <',
  },
  { name: 'tag-length', where: SOURCES, home: NOWHERE, breaks: lacksTagLength, message: 'pass authTagLength: without it Node accepts tags of 4 bytes' },
];

function check(source: Source): Finding[] {
  const holding = rules.filter(({ where, home }) => where.test(source.file) && !home.test(source.file));
  const findings: Finding[] = [];
  visit(source.tree, (node) => {
    for (const { name, message, breaks } of holding) {
      if (breaks(node, source.tree)) findings.push({ rule: name, file: source.file, line: lineOf(source, node), message });
    }
  });
  return findings;
}

export function tidy(root: string): Finding[] {
  const sources = parseSources(root, ['src']);
  if (sources.length === 0) return [{ rule: 'tidy', file: 'src', message: '0 files seen: the check does not work' }];
  return sources.flatMap(check);
}
