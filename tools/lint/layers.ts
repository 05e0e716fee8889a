/**
 * Import direction, by dependency-cruiser: commands -> cli -> core, and inside core from the higher room to the lower one. No cycles but
 * those of types alone, which exist for the compiler only.
 * On the same graph: no command, hook or entry reaches a heavy module without an `await import()` on the way.
 * Seeing no modules is a failure: without a TypeScript API beside it the cruiser passes silently over everything.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult, type IForbiddenRuleType, type IModule } from 'dependency-cruiser';
import type { Finding } from './finding.ts';

/** From the bottom up; rooms of one line may know each other. docs/ARCHITECTURE.md, Rooms. */
const RANKS: readonly (readonly string[])[] = [
  ['base'],
  ['crypto'],
  ['packet', 'message'],
  ['storage', 'keys', 'identity', 'home', 'session', 'group', 'flow', 'transport', 'routing', 'privacy', 'audit', 'compliance', 'telemetry'],
  ['mail', 'backup', 'health'],
  ['inspect'],
  ['omniplex.ts', 'index.ts'],
  ['tour.ts'],
  ['api', 'bench', 'chaos'],
];

/** Modules that a light command must not pay for; see the import costs in docs/ARCHITECTURE.md, Start-up. */
const HEAVY = /^(?:node_modules\/(?:@noble\/|hash-wasm\/|@inquirer\/|ora\/|cli-table3\/|@ipld\/car\/|blockstore-fs\/|ajv\/)|(?:node:)?(?:sqlite|worker_threads|http|https|net)$)/;

const below = (names: readonly string[]): string => `^src/core/(?:${names.map((name) => (name.endsWith('.ts') ? name.replace('.', '\\.') : `${name}/`)).join('|')})`;

function layerRules(): IForbiddenRuleType[] {
  const rules: IForbiddenRuleType[] = [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'core-stands-alone', severity: 'error', from: { path: '^src/core/' }, to: { path: '^(?:src/(?!core/)|tools/|test/|node_modules/@oclif/)' } },
    { name: 'cli-below-commands', severity: 'error', from: { path: '^src/cli/' }, to: { path: '^(?:src/(?:commands|hooks)/|tools/|test/)' } },
    { name: 'hooks-beside-commands', severity: 'error', from: { path: '^src/hooks/' }, to: { path: '^(?:src/commands/|tools/|test/)' } },
    { name: 'commands-alone', severity: 'error', from: { path: '^src/commands/(?!_|.*/_)' }, to: { path: '^(?:src/commands/(?!_|.*/_)|src/hooks/|tools/|test/)' } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ];
  RANKS.forEach((rooms, rank) => {
    const higher = RANKS.slice(rank + 1).flat();
    if (higher.length > 0) rules.push({ name: 'core-rank', severity: 'error', from: { path: below(rooms) }, to: { path: below(higher) } });
  });
  return rules;
}

async function graph(root: string): Promise<ICruiseResult> {
  const result = await cruise(['src'], {
    baseDir: root,
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    validate: true,
    preserveSymlinks: true,
    ruleSet: { forbidden: layerRules() },
    enhancedResolveOptions: { extensions: ['.ts', '.js'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
  });
  return result.output as ICruiseResult;
}

function unknownRooms(root: string): Finding[] {
  const known = new Set(RANKS.flat());
  const core = join(root, 'src', 'core');
  const rooms = existsSync(core) ? readdirSync(core) : [];
  return rooms
    .filter((room) => !known.has(room))
    .map((room) => ({ rule: 'core-rank', file: `src/core/${room}`, message: 'this room has no rank: give it one in tools/lint/layers.ts' }));
}

/** The chain of static value imports from `start` to a heavy module, or undefined. */
function heavyChain(start: string, modules: ReadonlyMap<string, IModule>): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[start, undefined]]);
  const queue = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const { resolved, dynamic, dependencyTypes } of modules.get(at)?.dependencies ?? []) {
      if (dynamic || dependencyTypes.includes('type-only') || cameFrom.has(resolved)) continue;
      cameFrom.set(resolved, at);
      if (!HEAVY.test(resolved)) {
        queue.push(resolved);
        continue;
      }
      const chain: string[] = [];
      for (let step: string | undefined = resolved; step !== undefined; step = cameFrom.get(step)) chain.unshift(step);
      return chain;
    }
  }
  return undefined;
}

function heavyImports(modules: readonly IModule[]): Finding[] {
  const bySource = new Map(modules.map((module) => [module.source, module]));
  const starts = modules.map(({ source }) => source).filter((source) => /^src\/(?:commands|hooks)\//.test(source) || source === 'src/cli/main.ts');
  return starts.flatMap((start) => {
    const chain = heavyChain(start, bySource);
    if (chain === undefined) return [];
    return [{ rule: 'heavy-import', file: start, message: `import it inside run(), with await import(): ${chain.join(' -> ')}` }];
  });
}

export async function layers(root: string): Promise<Finding[]> {
  const { modules, summary } = await graph(root);
  const own = modules.filter(({ source }) => source.startsWith('src/'));
  if (own.length === 0) return [{ rule: 'layers', file: 'src', message: '0 modules seen: the check does not work' }];
  const violations = summary.violations.map(({ rule, from, to, cycle }): Finding => {
    const way = cycle === undefined ? to : cycle.map(({ name }) => name).join(' -> ');
    return { rule: rule.name, file: from, message: `must not import ${way}` };
  });
  return [...violations, ...unknownRooms(root), ...heavyImports(own)];
}
