/** How the commands are grouped on the front page, in the man page and in the README: by what an operator is at. */

export interface Group {
  readonly title: string;
  /** First words of commands, in the order shown. */
  readonly nouns: readonly string[];
}

const groups: readonly Group[] = [
  { title: 'Daily', nouns: ['init', 'quickstart', 'doctor', 'send', 'fetch', 'promote', 'demote', 'inspect', 'serve', 'top', 'selftest'] },
  { title: 'Who I am, whom I know', nouns: ['identity', 'contact'] },
  { title: 'Messages', nouns: ['inbox', 'outbox'] },
  { title: 'Where sealed messages live', nouns: ['store'] },
  { title: 'Keys, shares, ceremonies', nouns: ['key', 'keystore', 'ceremony'] },
  { title: 'Groups', nouns: ['group', 'revocation'] },
  { title: 'Privacy, routes, sessions', nouns: ['policy', 'route', 'session'] },
  { title: 'Law and record', nouns: ['tombstone', 'audit', 'rfc'] },
  { title: 'Running it', nouns: ['node', 'check', 'maintain', 'metrics', 'backup', 'context', 'config', 'bench', 'chaos', 'lab'] },
  { title: 'Finding out', nouns: ['explain', 'help', 'commands', 'schema', 'completion'] },
];

export interface Listed {
  readonly id: string;
  readonly summary: string;
}

export interface GroupedNoun {
  readonly noun: string;
  /** All commands that begin with it. */
  readonly commands: readonly Listed[];
}

/** The groups that have commands. What no group names is shown last, so that nothing is hidden by mistake. */
export function grouped(commands: readonly Listed[]): readonly { readonly title: string; readonly nouns: readonly GroupedNoun[] }[] {
  const byNoun = Map.groupBy(commands, ({ id }) => id.split(' ', 1)[0]!);
  const known = new Set(groups.flatMap(({ nouns }) => nouns));
  const others: Group = { title: 'More', nouns: [...byNoun.keys()].filter((noun) => !known.has(noun)) };
  return [...groups, others]
    .map(({ title, nouns }) => ({ title, nouns: nouns.flatMap((noun) => (byNoun.has(noun) ? [{ noun, commands: byNoun.get(noun)! }] : [])) }))
    .filter(({ nouns }) => nouns.length > 0);
}
