/**
 * Flags with one meaning everywhere (COMMANDS, "Flags"). A command takes those it has:
 *
 *     static override readonly flags = { out: shared.out, where: shared.where, limit: shared.limit };
 *
 * Durations are ms, points in time ms since the epoch, ranges and tiers parsed.
 */
import type { Arg, OptionFlag } from '@oclif/core/interfaces';
import { systemClock } from '../core/base/clock.ts';
import type { Cid } from '../core/base/cid.ts';
import { parseDuration, parseExpiry, parseTime } from '../core/base/duration.ts';
import { fail } from '../core/base/errors.ts';
import type { Range } from '../core/health/range.ts';
import { limits } from '../core/base/limits.ts';
import { parseOperationId } from '../core/base/printable.ts';
import { arg, args, choice, choices, optionalArgs, parsed, plain, repeated, text, toggle, whole } from './flags.ts';

export interface ByteRange {
  readonly first: number;
  /** Included. */
  readonly last: number;
}

/** `0-99`. */
export function parseRange(typed: string): ByteRange {
  const match = /^(\d{1,16})-(\d{1,16})$/.exec(typed);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || first > last || last >= Number.MAX_SAFE_INTEGER) throw fail('E_USAGE', { why: 'expects A-B, first and last byte, both included' });
  return { first, last };
}

const duration = (typed: string): number => parseDuration(typed);
const past = (typed: string): number => parseTime(typed, systemClock.now(), 'past');
/** As it was typed: the moment counts from when the message is sent. */
function expiry(typed: string): string {
  parseExpiry(typed, systemClock.now());
  return typed;
}
const healthRange = async (typed: string): Promise<Range> => (await import('../core/health/range.ts')).parseHealthRange(typed);

export const shared = {
  to: repeated(parsed({ value: 'NAME', description: 'a recipient: a contact, group:NAME, or a bundle file' }, plain)),
  'to-file': text({ value: 'FILE', description: 'a file with one recipient a line' }),
  tier: choices(['hot', 'ipfs', 's3', 'files'], { value: 'TIER,..', description: 'which tiers' }),
  keystore: text({ value: 'KEYSTORE', description: 'where the private key lives: file, vault:.. or pkcs11:..', otherwise: 'file' }),
  out: text({ value: 'PATH|-', char: 'o', description: 'write the artifact there; an existing file is never overwritten; - is stdout' }),
  'lock-wait': parsed({ value: 'DURATION', description: 'how long to queue behind a lock; 0 off a terminal' }, duration),
  durability: choice(['accepted', 'hot', 'replicated', 'cold'], { value: 'LEVEL', description: 'how durable it must be: accepted, hot, replicated or cold; a lower true level is exit 12' }),
  id: parsed({ value: 'KEY', description: 'idempotency key, up to 256 printable characters: the same key and content have one effect, other content is refused' }, parseOperationId),
  where: text({ value: 'EXPR', description: "a filter such as 'tier = hot and stored > 30d and not pinned'" }),
  limit: whole({ value: 'N', description: `at most so many, from 1 to ${limits.pageItemsMax}`, min: 1, max: limits.pageItemsMax }),
  after: text({ value: 'CURSOR', description: 'go on where the last page ended: its `next`' }),
  'dry-run': toggle('show the plan and change nothing'),
  confirm: text({ value: 'NAME', description: 'confirm: the name of what it is done to, as it was typed' }),
  'new-passphrase-file': text({ value: 'FILE', description: 'the file with the new passphrase of the key ring; - and /dev/fd/N work' }),
  'message-passphrase-file': text({ value: 'FILE', description: "the file with the passphrase of the message, never the ring's; - and /dev/fd/N work" }),
  'pin-file': text({ value: 'FILE', description: 'the file with the PIN of the HSM' }),
  'token-file': text({ value: 'FILE', description: 'the file with the token of a Vault or a node' }),
  range: parsed<ByteRange>({ value: 'A-B', description: 'only these bytes, both ends included' }, parseRange),
  'fingerprint-file': text({ value: 'FILE', description: 'lines of a name and its twelve words, instead of typing them' }),
  'allow-unverified': toggle('go on although a contact is not verified'),
  warning: parsed({ value: 'RANGE', description: 'the Nagios range outside of which it is WARNING, such as 80, 3: or 7d:' }, healthRange),
  critical: parsed({ value: 'RANGE', description: 'the Nagios range outside of which it is CRITICAL' }, healthRange),
  'max-age': parsed({ value: 'DURATION', description: 'data older than this is UNKNOWN' }, duration),
  format: choice(['nagios', 'prometheus', 'text'], { value: 'FORMAT', description: 'nagios, prometheus or text', otherwise: 'nagios' }),
  since: parsed({ value: 'TIME', description: 'from then on: 10m, 03:10 or RFC 3339' }, past),
  until: parsed({ value: 'TIME', description: 'up to then: 10m, 03:10 or RFC 3339' }, past),
  expires: parsed({ value: 'TIME', description: 'not readable after then: 7d, RFC 3339 or never', otherwise: "as long as the recipients' prekeys last" }, expiry),
};

/** `--wait STATE`, with the states that the command knows. */
export const waitFlag = <const V extends readonly string[]>(states: V): OptionFlag<V[number] | undefined> =>
  choice(states, { value: 'STATE', description: `do not return before this state (${states.join(', ')}); ends at --timeout with exit 12` });

const cid = async (typed: string): Promise<Cid> => (await import('../core/base/cid.ts')).parseCid(typed);

/** One CID. Throws E_CID_INVALID. */
export const cidArg = (description: string): Arg<Cid> => arg(description, cid);

/** One CID or more. */
export const cidArgs = (description: string): Arg<Cid[]> => args(description, cid);

/** Any number of CIDs, for acts that also take --where. */
export const optionalCidArgs = (description: string): Arg<Cid[]> => optionalArgs(description, cid);
