/** What `omniplex help TOPIC` tells: things that belong to no single command. Generated from the tables of the code where there is one. */
import { definitionOf, settingKeys } from '../core/base/config.ts';
import { registry, warnings } from '../core/base/errors.ts';
import { environment } from './environment.ts';
import { exitMeanings, nagiosMeanings } from './exits.ts';
import { withPlaceholders } from './trouble.ts';

export interface TopicRow {
  readonly term: string;
  readonly text: string;
}

export interface TopicSection {
  readonly title?: string;
  readonly text?: string;
  readonly rows?: readonly TopicRow[];
}

export interface Topic {
  readonly name: string;
  readonly summary: string;
  readonly sections: () => readonly TopicSection[];
}

const rowsOf = (table: Readonly<Record<string, string>>): readonly TopicRow[] => Object.entries(table).map(([term, text]) => ({ term, text }));

const formats: Readonly<Record<string, string>> = {
  message: 'a manifest (dag-cbor block, CID bafyrei..) that links blocks of ciphertext (raw, bafkrei..); the CID of the manifest names the message',
  packet: '192 bytes, always: six 256-bit words that announce a CID to an inbox; omniplex-packet(5)',
  manifest: 'salt, one unnamed stanza a recipient, links, sealed metadata with the signatures, mac; omniplex-manifest(5)',
  bundle: 'the public side of an identity: certified keys, prekeys, inboxes; signed, chained, never going back',
  'CAR archive': 'a CARv1 with whole messages, their packets, receipts and bundles: a stick is a transport',
  backup: 'key ring, contacts and outbox under a passphrase; prekeys are left out',
  content: 'C2SP chunked-encryption (AES-256-GCM, 16 KiB chunks); blocks in order and the tail are such a file',
};

const filter: Readonly<Record<string, string>> = {
  'tier = hot': 'on which tier; = and !=',
  'stored > 30d': 'stored longer ago than that; also read, received, created, added, acquired',
  'expires < 2d': 'less than 2 days are left, or none any more; expires > 30d: more than 30 days; expires <= 0s: over; what never expires matches none of them',
  'size >= 1MiB': 'compare sizes: < <= = != >= >',
  'state = unread': 'of an inbox or outbox',
  'not pinned': 'a claim and its opposite: pinned, verified',
  'A and B, A or B, (..)': 'and binds closer than or',
};

const jsonRows: readonly TopicRow[] = [
  { term: 'schema', text: 'omniplex/COMMAND/1; omniplex schema COMMAND prints the whole contract' },
  { term: 'ok', text: 'true when error is absent (for check: when the check ran)' },
  { term: 'changed', text: 'true when something is different than before' },
  { term: 'result', text: 'whenever work was done, also beside an error' },
  { term: 'error', text: 'code, message, hint, retry (yes, no, unknown), exit, details; whenever the exit is not 0' },
  { term: 'retry', text: 'yes: the same call can end otherwise by itself; no: not until somebody does what the hint says; unknown: it may have happened, repeat it with the same --id' },
  { term: 'warnings', text: 'code and message each; they never change the exit code' },
];

export const topics: readonly Topic[] = [
  {
    name: 'exit-codes',
    summary: 'What the exit code of a command means',
    sections: () => [
      { rows: rowsOf(exitMeanings as Record<string, string>) },
      { title: 'check', text: 'omniplex check .. alone speaks the codes of monitoring plugins, and every usage or internal error is 3 there.', rows: rowsOf(nagiosMeanings as Record<string, string>) },
      { title: 'in scripts', text: '75 asks for the same command with the same --id; 12 means that the work stands and a stated part is missing; a declined confirmation is 9, never 0.' },
      {
        title: 'confirmation',
        text: 'Off a terminal --confirm NAME answers: the name of what it is done to as it was typed (identity, backup file, lock, CID or key of a message), or the planId of a bulk act. That holds in every context, also where its env is prod; at a terminal the name is typed there, where yes would do elsewhere. The name of the context confirms what is done to a context of production (context set, context remove), and a store verify --repair in one, which asks nothing elsewhere.',
      },
    ],
  },
  {
    name: 'environment',
    summary: 'The variables that are read, and what goes before what',
    sections: () => [
      { rows: rowsOf(environment) },
      {
        title: 'precedence',
        text: 'A flag, else the environment, else the context, else the user configuration, else the default; a context named with --context counts as a flag. omniplex config show --origin shows which it was. No file of a project is read, and no secret is ever taken from the environment.',
      },
    ],
  },
  {
    name: 'settings',
    summary: 'The keys of the configuration and of contexts',
    sections: () => [
      {
        rows: settingKeys.map((key) => {
          const { description, value, otherwise, scope, env } = definitionOf(key);
          const notes = [...(otherwise === undefined ? [] : [`default ${otherwise}`]), ...(env === undefined ? [] : [env]), ...(scope === 'context' ? ['contexts only'] : [])];
          return { term: `${key}=${value}`, text: `${description}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}` };
        }),
      },
    ],
  },
  {
    name: 'secrets',
    summary: 'How passphrases, tokens and PINs get in',
    sections: () => [
      {
        text: 'A secret is given as a file (--passphrase-file FILE), as a descriptor (--passphrase-file /dev/fd/3, or - for stdin), or typed at the terminal; never as an argument or a variable, where other processes can read it. One trailing newline is not part of it. A file that others may read is refused; a pipe has no such mode.',
      },
      { title: 'from cron', text: 'The setting passphrase-file names a key file. Whoever reads that file has your keys: 0600, on a disk that only this machine mounts, for an identity that may do only what the job needs.' },
    ],
  },
  {
    name: 'json',
    summary: 'The one document that --json prints',
    sections: () => [
      { rows: jsonRows },
      { title: 'streams', text: 'A command that streams prints one JSON object a line and ends with the envelope, which alone has the field schema. Readers must ignore fields that they do not know.' },
      { title: 'together with --out -', text: 'is refused: both want stdout.' },
    ],
  },
  {
    name: 'filters',
    summary: 'The one grammar of --where',
    sections: () => [{ rows: rowsOf(filter) }, { title: 'before you act', text: '--dry-run shows what a filter matches, with a planId that --confirm wants back.' }],
  },
  { name: 'formats', summary: 'What is on disk and on the wire', sections: () => [{ rows: rowsOf(formats) }] },
  {
    name: 'errors',
    summary: 'Every code of an error or a warning; omniplex explain CODE tells more',
    sections: () => [
      { rows: Object.entries(registry).map(([code, { exit, text }]) => ({ term: code, text: `${withPlaceholders(text)} (exit ${exit})` })) },
      { title: 'warnings', text: 'They never change the exit code.', rows: Object.entries(warnings).map(([term, text]) => ({ term, text: withPlaceholders(text) })) },
    ],
  },
];
