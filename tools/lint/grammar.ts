/**
 * The grammar of command names: `<noun> [<part>] <verb>`, with closed lists. A new noun or verb is a decision, made here and explained
 * in docs/ARCHITECTURE.md, Grammar.
 */
import type { Finding } from './finding.ts';

/** What one types daily, and the system's endpoints: a single word. */
const TOP = new Set(['init', 'quickstart', 'doctor', 'send', 'fetch', 'promote', 'demote', 'inspect', 'serve', 'top', 'explain', 'selftest', 'commands', 'schema', 'completion', 'help']);

const NOUNS = new Set([
  ...['identity', 'contact', 'inbox', 'outbox', 'store', 'key', 'keystore', 'ceremony', 'group', 'revocation', 'policy', 'route', 'session'],
  ...['tombstone', 'audit', 'rfc', 'node', 'maintain', 'metrics', 'backup', 'context', 'config', 'bench', 'chaos', 'lab'],
]);

/** Nouns with no life outside their parent: the only third level there is. */
const PARTS = new Set([
  ...['identity cache', 'store lock', 'store role', 'store eviction', 'key share', 'ceremony receipt', 'group member'],
  ...['audit checkpoint', 'audit proof', 'node access', 'metrics alert'],
]);

/** Verbs with one meaning everywhere. */
const VERBS = new Set([
  ...['list', 'show', 'create', 'remove', 'add', 'set', 'import', 'export', 'verify', 'lint', 'run', 'resume', 'abort', 'status', 'watch', 'wait'],
  ...['rotate', 'revoke', 'explain', 'test'],
]);

/** Verbs of one noun (or part) alone. */
const OWN_VERBS: Readonly<Record<string, readonly string[]>> = {
  identity: ['passphrase', 'publish', 'resolve'],
  'identity cache': ['flush'],
  contact: ['rename', 'update'],
  inbox: ['fetch', 'ack'],
  outbox: ['resend', 'cancel'],
  store: ['pin', 'unpin', 'gc', 'copy'],
  'store lock': ['break'],
  'store eviction': ['compare'],
  key: ['split', 'combine', 'rewrap'],
  keystore: ['move'],
  ceremony: ['script', 'rehearse', 'report'],
  group: ['rekey', 'resync', 'log', 'simulate'],
  revocation: ['publish'],
  session: ['rekey'],
  tombstone: ['approve'],
  rfc: ['vote', 'close'],
  node: ['drain', 'reload'],
  backup: ['restore'],
  context: ['select'],
  chaos: ['replay', 'report'],
  lab: ['up', 'down', 'logs'],
  bench: ['startup', 'seal', 'messages', 'packet', 'pq', 'store', 'cold-fetch', 'evict', 'keys', 'lkh', 'route', 'api', 'compare'],
};

/** Nouns whose second word is what is measured or checked, not a verb: the general verbs mean nothing there. */
const SUBJECTS: Readonly<Record<string, ReadonlySet<string>>> = {
  check: new Set([
    ...['all', 'store', 'redis', 'ipfs', 's3', 'replication', 'locks', 'sla', 'outbox', 'quorum', 'keys', 'identity', 'contacts', 'group'],
    ...['revocation', 'audit', 'tombstones', 'time', 'node', 'job'],
  ]),
  bench: new Set(OWN_VERBS['bench']),
};

const FORBIDDEN = /^(?:stat|get|new|generate|info|ls|rm|(?:check|verify)-.*)$/;

/** Why this is no command name, or undefined when it is one. */
export function grammarFault(id: string): string | undefined {
  const words = id.split(' ');
  const [first = '', second = '', third] = words;
  const bad = words.find((word) => FORBIDDEN.test(word));
  if (bad !== undefined) return `"${bad}" is a word that commands do not use`;
  if (words.length === 1) return TOP.has(first) ? undefined : `"${first}" is no command of the top level`;
  const subjects = SUBJECTS[first];
  if (subjects !== undefined) return words.length === 2 && subjects.has(second) ? undefined : `"${id}" is nothing that ${first} knows`;
  if (!NOUNS.has(first)) return `"${first}" is no noun`;
  if (words.length > 3) return 'no command has four words';
  const parent = third === undefined ? first : `${first} ${second}`;
  if (third !== undefined && !PARTS.has(parent)) return `"${parent}" is no part with commands of its own`;
  const verb = third ?? second;
  if (VERBS.has(verb) || OWN_VERBS[parent]?.includes(verb) === true) return undefined;
  return `"${verb}" is no verb of ${parent}`;
}

export const grammar = (ids: readonly string[]): Finding[] =>
  ids.flatMap((id) => {
    const message = grammarFault(id);
    return message === undefined ? [] : [{ rule: 'grammar', file: `src/commands/${id.replaceAll(' ', '/')}.ts`, message }];
  });
