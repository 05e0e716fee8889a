/**
 * What a test may need that npm does not bring. A test asks `have('mandoc')` and skips itself visibly without it; `npm test` names
 * at its end what was missing. Names listed in OMNIPLEX_REQUIRE_SERVICES (as `.ci/run` does) fail instead of skipping.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export interface Need {
  readonly what: string;
  /** What to type to get it. */
  readonly install: string;
  found(): boolean;
}

const onPath = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;

const program = (command: string, what: string): Need => ({ what, install: `apt-get install ${command}`, found: () => onPath(command) });

const folder = (variable: string, what: string): Need => ({
  what,
  install: `set ${variable} to the folder that holds them`,
  found: () => existsSync(process.env[variable] ?? ''),
});

/** A file system of a few blocks, in a mount namespace of the child's own. Linux only, and only where users may make such. */
const tinyDisk: Need = {
  what: 'the test of a full disk',
  install: 'allow user namespaces (unshare -Urm)',
  found: () => spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'none', '/tmp'], { stdio: 'ignore' }).status === 0,
};

export const needs = {
  mandoc: program('mandoc', 'the check of the man pages'),
  shellcheck: program('shellcheck', 'the check of the shell scripts'),
  zsh: program('zsh', 'completion under zsh'),
  tinyDisk,
  vectors: folder('OMNIPLEX_VECTORS', 'outside vectors (Wycheproof, X-Wing, BLAKE3, multihash)'),
} as const satisfies Record<string, Need>;

export type NeedName = keyof typeof needs;

const required = (): readonly string[] => (process.env['OMNIPLEX_REQUIRE_SERVICES'] ?? '').split(',').filter((name) => name !== '');

/** False when it is not here; throws when it is not here and is required. */
export function have(name: NeedName): boolean {
  if (needs[name].found()) return true;
  if (required().includes(name)) throw new Error(`${name} is required and not here: ${needs[name].install}`);
  return false;
}
