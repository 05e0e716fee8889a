/**
 * The one registry of errors. Everything the core throws on purpose is an OmniplexError with a code from here;
 * a programmer's mistake is a plain Error and means a bug. Codes are a promise, text may change.
 * docs/ERRORS.md, the exit table and `explain CODE` are generated from this table.
 */

/** The process exit codes, each with one meaning. `check *` alone speaks Nagios instead. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  config: 3,
  forbidden: 4,
  notFound: 5,
  conflict: 6,
  integrity: 7,
  otherSet: 8,
  declined: 9,
  threshold: 10,
  rollback: 11,
  incomplete: 12,
  unavailable: 69,
  bug: 70,
  unknownOutcome: 75,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * May the same call be made again as it is? `yes`: it can end otherwise by itself, since a lock is let go, a server answers or the rest is done.
 * `no`: it ends the same way until somebody does what the hint says. `unknown`: it may have happened; repeat with the same --id.
 */
export type Retry = 'yes' | 'no' | 'unknown';

const isRetry = (value: unknown): value is Retry => value === 'yes' || value === 'no' || value === 'unknown';

export interface ErrorEntry {
  readonly exit: ExitCode;
  readonly http: number;
  readonly retry: Retry;
  /** `{name}` is replaced by the detail of that name. Never put a secret or message content in a detail. */
  readonly text: string;
  readonly hint: string;
}

const entry = (exit: ExitCode, http: number, retry: Retry, text: string, hint: string): ErrorEntry => ({ exit, http, retry, text, hint });

export const registry = {
  // the call
  E_USAGE: entry(EXIT.usage, 400, 'no', '{why}', 'Run the command with --help to see its arguments and flags.'),
  E_FLAG_NEEDED: entry(EXIT.usage, 400, 'no', 'nobody can be asked here: {question}', 'Give {flag} instead, or run it at a terminal with nothing piped in.'),
  E_FILTER: entry(EXIT.usage, 400, 'no', 'the filter does not parse at "{at}": {why}', '`omniplex help filters` tells the grammar; a field that is not known is answered with those there are.'),
  E_EXPRESSION: entry(EXIT.usage, 400, 'no', 'the expression does not parse at "{at}": {why}', "Example: --fail-if 'p95>+10% or not ok or missing'."),
  E_CONFIG: entry(EXIT.config, 500, 'no', 'the configuration is not usable: {why}', 'Run `omniplex config show --origin` to see where each value comes from.'),
  E_NOT_SUPPORTED: entry(EXIT.config, 501, 'no', '{what} is not possible with {backend}', 'Run `omniplex doctor` to see what this store can do.'),
  E_NOT_IN_VERSION_1: entry(EXIT.config, 501, 'no', '{what} is named by the format but not part of version 1', 'A later release of OmniPlex reads it.'),
  E_RUNTIME: entry(EXIT.bug, 500, 'no', 'this runtime cannot run it: {why}', 'Use the Node that `npm ci` installed, version 26 or newer.'),
  E_BUG: entry(EXIT.bug, 500, 'no', 'a mistake in OmniPlex: {why}', 'Please report it with the output of `omniplex doctor --out FILE`.'),
  E_FAILED: entry(EXIT.failed, 500, 'no', '{why}', 'See the message above.'),
  E_INTERRUPTED: entry(EXIT.interrupted, 499, 'unknown', 'interrupted', 'Nothing half-done is visible; run it again, with the same --id if it had one.'),
  E_TERMINATED: entry(EXIT.terminated, 499, 'unknown', 'terminated', 'Nothing half-done is visible; run it again, with the same --id if it had one.'),
  E_TIMEOUT: entry(EXIT.incomplete, 504, 'yes', 'time ran out after {after} while {doing}', 'What the answer says is done stands, and nothing half-done is visible. Run it again with a longer --timeout; a send has one effect only with the same --id.'),
  E_DECLINED: entry(EXIT.declined, 403, 'no', 'not confirmed: {what}', 'Nothing was done. To go on, give --confirm {confirm}.'),
  E_UNKNOWN_OUTCOME: entry(EXIT.unknownOutcome, 502, 'unknown', '{what} may or may not have happened', 'Run it again with the same --id: it has one effect.'),
  E_INCOMPLETE: entry(EXIT.incomplete, 202, 'yes', '{why}', 'What was done stands; run it again for the rest.'),
  E_THRESHOLD: entry(EXIT.threshold, 500, 'no', '{what} is outside its threshold: {why}', 'Compare on a quiet machine before you act on it.'),

  E_SELFTEST: entry(EXIT.failed, 500, 'no', 'known answers that do not hold: {failed} of {cases}', 'Do not use this build for anything secret: see which file and provider fail, and try --provider.'),
  E_NO_VECTORS: entry(EXIT.notFound, 404, 'no', 'there are no test vectors for OmniPlex under {path}', 'Name a folder with a checkout of Wycheproof, X-Wing, BLAKE3 or multihash vectors.'),

  E_DOCTOR: entry(EXIT.failed, 500, 'no', '{failed} of {checks} checks failed: {names}', 'Each has its advice beside it; `omniplex explain CODE` tells more.'),

  // bytes and formats
  E_CID_INVALID: entry(EXIT.usage, 400, 'no', '"{cid}" is not a CID that OmniPlex uses', 'Give it whole: 59 characters that begin with bafyrei or bafkrei (version 1, sha2-256, base32).'),
  E_FORMAT: entry(EXIT.integrity, 422, 'no', 'this is not a well-formed {kind}: {why}', 'It was damaged on the way, or another program made it. Ask for it again.'),
  E_NOT_CANONICAL: entry(EXIT.integrity, 422, 'no', 'this {kind} is not in canonical form', 'Another program spelled the same content differently. It cannot be trusted; ask for it again.'),
  E_VERSION_NEWER: entry(EXIT.config, 501, 'no', 'this {kind} has format version {version}; this program knows {known}', 'Install a newer OmniPlex.'),
  E_BLOCK_CORRUPT: entry(EXIT.integrity, 502, 'no', 'block {cid} in {place} does not hold the bytes it is named after', 'Run `omniplex store verify --repair` to heal it from another copy.'),
  E_BLOCK_TOO_LARGE: entry(EXIT.integrity, 413, 'no', 'a block of {bytes} bytes is over the limit of {max}', 'No OmniPlex message has such a block.'),

  // opening
  E_NOT_RECIPIENT: entry(EXIT.forbidden, 403, 'no', 'no identity of this home can open message {cid}', 'It was sealed for somebody else, or for a prekey that has expired and was destroyed. Is it the right home (--home, --context)? If it is, ask its sender to send it to you again.'),
  E_MAC: entry(EXIT.integrity, 422, 'no', '{kind} is not authentic', 'It was altered, or parts of two messages were mixed.'),
  E_SIGNATURE: entry(EXIT.integrity, 422, 'no', 'the signature on this {kind} is not valid', 'It was altered, or another key made it. Do not act on its content.'),
  E_COMMITMENT: entry(EXIT.integrity, 422, 'no', 'the content does not belong to this key', 'It was altered, or parts of two messages were mixed.'),
  E_CIPHERTEXT: entry(EXIT.integrity, 422, 'no', 'the content fails its authentication at chunk {chunk}', 'It was altered or cut. What was released before that chunk is an authentic prefix.'),
  E_PASSPHRASE: entry(EXIT.forbidden, 401, 'no', 'this passphrase does not open {what}', 'Check the keyboard layout. A passphrase file ends in one newline, or in none.'),
  E_PASSPHRASE_SHORT: entry(EXIT.usage, 422, 'no', 'a new passphrase for {what} has at least {min} characters', 'Take five or more words that nobody expects together. What an older, shorter one sealed still opens.'),
  E_PASSPHRASE_NEEDED: entry(EXIT.forbidden, 401, 'no', 'message {cid} is sealed to a passphrase', 'Give it with --message-passphrase-file.'),
  E_KEY_INVALID: entry(EXIT.integrity, 422, 'no', 'this {kind} key is not usable: {why}', 'It was damaged, or another program made it.'),
  E_EXPIRED: entry(EXIT.forbidden, 410, 'no', '{what} expired at {at}', 'Ask the sender to send it again.'),
  E_SENDER_UNKNOWN: entry(EXIT.forbidden, 403, 'no', 'the signature on {cid} cannot be checked: {why}', 'Add or update the contact first, or give --allow-unverified.'),

  // identities and contacts
  E_UNVERIFIED: entry(EXIT.forbidden, 403, 'no', 'not verified: {names}', 'Compare the twelve words (`omniplex contact verify`), or give --allow-unverified.'),
  E_FINGERPRINT: entry(EXIT.integrity, 422, 'no', 'the fingerprint of {names} is not the expected one', 'Somebody may be between you. Ask for the twelve words over another channel.'),
  E_NAME_UNKNOWN: entry(EXIT.notFound, 404, 'no', 'no {kind} is named {names}', 'Check the spelling: `omniplex contact list`, `identity list`, `context list` and `outbox show` tell the names.'),
  E_NAME_TAKEN: entry(EXIT.conflict, 409, 'no', 'the {kind} name "{name}" is taken', 'Choose another name.'),
  E_NAME_AMBIGUOUS: entry(EXIT.conflict, 409, 'no', 'each a contact and an identity of yours, who are not the same: {names}', 'Nothing was sent. Give the contact another name: `omniplex contact rename NAME NEW`.'),
  E_BUNDLE_STALE: entry(EXIT.conflict, 409, 'no', 'bundle {seq} of "{name}" is not newer than bundle {known}', 'A bundle never goes back. Ask for the newest one.'),
  E_BUNDLE_CHAIN: entry(EXIT.integrity, 422, 'no', 'bundle {seq} of "{name}" does not follow the one known here', 'The history was altered or a bundle is missing. Ask for it again and compare the twelve words.'),
  E_BUNDLE_EXPIRED: entry(EXIT.forbidden, 410, 'no', 'the bundle of {names} expired', 'Ask for a newer bundle and run `omniplex contact update`.'),
  E_REVOKED: entry(EXIT.forbidden, 403, 'no', 'revoked: {names}', 'Ask for a new identity over another channel, and add it with `omniplex contact add`.'),
  E_REVOCATION_FINAL: entry(EXIT.conflict, 409, 'no', 'identity "{name}" is revoked already, as {reason} since {at}: the reason cannot be changed', 'Nothing was done. A revocation is signed once and for good: tell your contacts over another channel why.'),
  E_PREKEY_EXPIRY: entry(EXIT.usage, 422, 'no', 'the last prekey of {names} ends at {until}, before this message would expire', 'Give an earlier --expires, or ask for a newer bundle.'),
  E_NO_IDENTITY: entry(EXIT.notFound, 404, 'no', 'no identity is chosen', 'Create one with `omniplex identity create NAME`, or choose with --as.'),
  E_SEND_ONLY: entry(EXIT.config, 403, 'no', 'identity "{name}" is send-only: {why}', 'Use an identity that was created without --send-only.'),

  // home and key ring
  E_NO_HOME: entry(EXIT.notFound, 404, 'no', 'there is no home at {path}', 'Is it elsewhere? Name it with --home or --context; `omniplex init` creates one.'),
  E_NO_STORE: entry(EXIT.notFound, 404, 'no', 'there is no store at {path}', 'Is it elsewhere? Name it with --store or --context; `omniplex init` creates one.'),
  E_EXISTS: entry(EXIT.conflict, 409, 'no', '{path} already exists', 'Choose another path; nothing is overwritten.'),
  E_MODE: entry(EXIT.config, 403, 'no', '{path} may be read by others (mode {mode})', 'chmod 600 it (700 for a folder), and think about who has read it.'),
  E_FILESYSTEM: entry(EXIT.config, 500, 'no', '{path} is on a {type} file system, whose locks cannot be trusted', 'Put it on a local disk.'),
  E_HOME_COPIED: entry(EXIT.conflict, 409, 'no', 'this home was copied or rolled back: {why}', 'Use one copy only. Explained by `omniplex explain E_HOME_COPIED`.'),
  E_NO_KEYRING: entry(EXIT.notFound, 404, 'no', 'there is no key ring at {path}', 'Create an identity first: `omniplex identity create NAME`.'),
  E_KEYRING: entry(EXIT.integrity, 500, 'no', 'the key ring at {path} is damaged: {why}', 'Restore it with `omniplex backup restore`.'),
  E_HOME_CORRUPT: entry(EXIT.integrity, 500, 'no', 'the home database at {path} is damaged: {why}', 'Restore the keys with `omniplex backup restore` into a new home.'),

  // store
  E_NOT_FOUND: entry(EXIT.notFound, 404, 'no', '{what} is not there', 'Check the name: `omniplex store list` shows messages that are stored here, `omniplex outbox list` those that were sent.'),
  E_BLOCKS_MISSING: entry(EXIT.integrity, 502, 'no', 'message {cid} lacks {missing} of its blocks', 'Run `omniplex store verify {cid} --repair`, or import it again.'),
  E_STORE_CORRUPT: entry(EXIT.integrity, 500, 'no', 'the {tier} tier at {path} is damaged: {why}', 'Stop what writes to it and copy the store as it is; then run `omniplex store verify --repair`.'),
  E_COPIES_TOO_FEW: entry(EXIT.incomplete, 507, 'yes', 'of message {cid} the cold tiers hold {copies} verified, asked {needed}', 'Nothing of it left the hot tier. Run it again when more cold tiers answer, or ask for fewer copies with --min-copies.'),
  E_LOCKED: entry(EXIT.conflict, 423, 'yes', '{name} is held by {holder}', 'Wait with --lock-wait, or see `omniplex store lock list`.'),
  E_PINNED: entry(EXIT.conflict, 409, 'no', 'message {cid} is pinned to the hot tier until {until}', 'Run `omniplex store unpin {cid}` first.'),
  E_FENCE_STALE: entry(EXIT.conflict, 409, 'yes', 'the lock {name} passed to another holder meanwhile', 'Nothing was written. Run it again.'),
  E_BUSY: entry(EXIT.conflict, 503, 'yes', '{what} is busy', 'Run it again.'),
  E_DISK_FULL: entry(EXIT.failed, 507, 'no', 'no space left for {path}', 'Nothing half was kept. Free some space on this disk first, a few MiB are enough: then `omniplex store gc` and `omniplex demote` can work.'),
  E_BUDGET: entry(EXIT.failed, 507, 'no', 'the hot tier is at its budget of {size}', 'Demote or remove messages, or raise hot.budget. `omniplex store gc --dry-run` says what broken-off sends left behind, and until when it is kept.'),
  E_ID_CONFLICT: entry(EXIT.conflict, 409, 'no', 'id "{id}" was used for other content', 'Use a new --id for new content.'),
  E_PLAN_CHANGED: entry(EXIT.declined, 409, 'no', 'the plan is now {planId}, not {confirmed}', 'Look at it again with --dry-run and confirm the new plan.'),
  E_DURABILITY: entry(EXIT.incomplete, 202, 'yes', 'asked for durability {asked}, reached {true}', 'The message stands at {true}. Run the same command with the same --id to raise it.'),
  E_IO: entry(EXIT.failed, 500, 'no', '{path}: {why}', 'See whether the disk and its permissions are in order.'),
  E_VERIFY: entry(EXIT.integrity, 500, 'no', 'does not hold; found bad: {bad}, checked: {checked}', 'Run `omniplex store verify --repair`; what it cannot heal has to be imported or sent again.'),
  E_LOST: entry(EXIT.integrity, 500, 'no', 'of the messages that were acknowledged are lost: {lost}; not announced: {unannounced}', 'Announcements come back with --repair or `omniplex outbox resend`. A lost message comes back with `omniplex store import FILE.car`, or its sender sends the file again. To want it no more: `omniplex store remove CID`.'),
  E_MESSAGE_LOST: entry(EXIT.integrity, 410, 'no', 'message {cid} is lost: no tier has all of its blocks', 'Send the file again, with the same --id if it had one: `omniplex send FILE --to NAME`. Or bring it back from a CAR that was written: `omniplex store import FILE.car`. To want it no more: `omniplex outbox cancel {cid} --confirm {cid}`.'),

  // mail
  E_NO_RECIPIENT: entry(EXIT.usage, 400, 'no', 'the message has no recipient', 'Name one with --to, or give --message-passphrase-file.'),
  E_TOO_MANY: entry(EXIT.usage, 413, 'no', '{what}: {count} is over the limit of {max}', 'Split it.'),
  E_BATCH_LIST: entry(EXIT.usage, 422, 'no', '{bad} of {total} lines of the list cannot be sent, so none was', 'Mend these lines and run the whole list: nothing was written.'),
  E_BINARY_TTY: entry(EXIT.usage, 400, 'no', 'the content is binary and stdout is a terminal', 'Give --out FILE, or pipe it.'),
  E_RANGE: entry(EXIT.usage, 416, 'no', 'the range {range} is outside the content of {bytes} bytes', 'Both ends count from 0 and are included.'),
  E_CANCELLED: entry(EXIT.conflict, 409, 'no', 'message {cid} was cancelled', 'It is not announced again. Send the file again, with a new --id: `omniplex send FILE --to NAME`.'),
  E_TOO_LATE: entry(EXIT.conflict, 409, 'no', 'message {cid} cannot be cancelled: {names} had it already', 'Nothing was withdrawn. See `omniplex outbox show {cid}`.'),
  E_MISSING_RECIPIENTS: entry(EXIT.incomplete, 202, 'yes', 'recipients who have not {state} it: {missing} of {total}', 'Wait longer, or `omniplex outbox resend`.'),

  // packets
  E_PACKET_LENGTH: entry(EXIT.integrity, 422, 'no', 'a packet has 192 bytes, not {bytes}', 'It was cut or joined on the way.'),
  E_PACKET_CRC: entry(EXIT.integrity, 422, 'no', 'the packet fails its checksum', 'It was damaged on the way.'),
  E_PACKET_VERSION: entry(EXIT.config, 501, 'no', 'packet version {version} is not known here', 'Install a newer OmniPlex.'),
  E_PACKET_TYPE: entry(EXIT.integrity, 422, 'no', 'packet type 0x{type} is not known', 'Another program or a newer release made it.'),
  E_PACKET_FLAGS: entry(EXIT.integrity, 422, 'no', 'the packet has flags that do not go together: {why}', 'It was altered, or another program made it.'),
  E_PACKET_DIGEST: entry(EXIT.integrity, 422, 'no', 'the packet is not authentic', 'It was forged or altered.'),
  E_PACKET_FIELD: entry(EXIT.integrity, 422, 'no', 'the packet field {field} is not valid: {why}', 'It was altered, or another program made it.'),
  E_FRAGMENT_CONFLICT: entry(EXIT.integrity, 409, 'no', 'two packets claim fragment {index} of one stream', 'Somebody forges announcements; the first authentic one counts.'),
  E_FRAGMENT_LIMIT: entry(EXIT.failed, 429, 'yes', 'the reassembler is full: {what}', 'The peer sends more than the limits allow.'),
  E_FRAGMENT_TIMEOUT: entry(EXIT.incomplete, 408, 'no', 'the stream was not complete in {after}; fragments missing: {missing}', 'Ask the sender to resend.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof registry;

export type Details = Readonly<Record<string, unknown>>;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(registry, code);

/** `rfc3339` gives milliseconds to machines; people compare minutes. */
const EXACT_TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):\d{2}\.\d{3}Z$/;

const fill = (template: string, details: Details): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in details ? String(details[name]).replace(EXACT_TIME, '$1 $2Z') : whole));

/** An error the operator can act on. `details` go into JSON and text as they are: ids, counts and paths only. */
export class OmniplexError extends Error {
  override readonly name = 'OmniplexError';
  readonly code: ErrorCode;
  readonly details: Details;
  readonly hint: string;
  readonly retry: Retry;

  constructor(code: ErrorCode, { hint, retry, ...details }: Details = {}, cause?: unknown) {
    super(fill(registry[code].text, details), cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
    this.hint = typeof hint === 'string' ? hint : fill(registry[code].hint, details);
    this.retry = isRetry(retry) ? retry : registry[code].retry;
  }

  get exit(): ExitCode {
    return registry[this.code].exit;
  }
}

/**
 * Makes, but does not throw, the error of a code: `throw fail('E_MAC', { kind: 'manifest' })`. Where a place knows better than the registry
 * what to do now, it says so in the detail `hint`, which becomes the error's; `retry` likewise, where it knows why.
 */
export const fail = (code: ErrorCode, details: Details = {}, cause?: unknown): OmniplexError => new OmniplexError(code, details, cause);

/** Of many, some were not done, each for one of these reasons: the same call can end otherwise only where one of them can. */
export function incomplete(reasons: readonly ErrorCode[], details: Details, cause?: unknown): OmniplexError {
  const retries = new Set<Retry>(reasons.map((code) => registry[code].retry));
  const retry: Retry = retries.has('yes') ? 'yes' : retries.has('unknown') ? 'unknown' : 'no';
  return fail('E_INCOMPLETE', { ...details, retry }, cause);
}

/** No contact, identity or context has that name, or these: given quoted, apart by commas. */
export const unknownName = (kind: 'contact' | 'identity' | 'context', names: string): OmniplexError =>
  fail('E_NAME_UNKNOWN', { kind, names, hint: `See \`omniplex ${kind} list\`.` });

/** An identity of this home is asked to act or to be written to, and was revoked. */
export const revokedOwn = (name: string): OmniplexError =>
  fail('E_REVOKED', {
    names: `"${name}"`,
    hint: `It is your own, and stays revoked. Create another with \`omniplex identity create NAME\`, export both for your contacts (\`omniplex identity export ${name} --out FILE\` tells them that this one is over), and act with --as NAME.`,
  });

export const isError = (error: unknown, ...codes: readonly ErrorCode[]): error is OmniplexError =>
  error instanceof OmniplexError && (codes.length === 0 || codes.includes(error.code));

/** Warnings share the envelope, never the exit code. */
export const warnings = {
  W_PREKEY_SOON: 'the last prekey of {contact} ends at {until}',
  W_NO_FORWARD_SECRECY: 'no forward secrecy towards {contact}: {why}',
  W_UNVERIFIED: 'contact {contact} is not verified',
  W_SENDER_UNVERIFIED: 'the sender, {sender}, is not a verified contact',
  W_SENDER_REVOKED: 'the identity of {sender} was revoked at {at}: believe what it signed only if you know that it is older',
  W_SENDER_KEYS_REPLACED: '{sender} replaced the keys that signed it at {at}: whoever has the old ones can sign so; ask {sender}',
  W_BUNDLE_FORK: 'somebody else had keys of {contact}: what was sealed to bundle {seq} and later ones until now may have been read by them',
  W_BUNDLE_LEFT: 'the bundles in {place} were left alone: {why}',
  W_NO_RECEIPT: 'no receipt was sent for {cid}: {why}',
  W_DURABILITY: 'durability is {true}, not {asked}',
  W_EXPIRED: '{what} expired at {at}; shown because you asked',
  W_FUTURE_SIGNATURE: 'the bundle of {contact} was signed in the future ({at}); one of the clocks is wrong',
  W_KEY_CHANGED: 'the root key of {contact} changed; it is unverified again',
  W_LOST: 'deliveries that were acknowledged and are lost: {count}; see `omniplex outbox list --where "state = lost"`',
  W_SENT_AGAIN: 'id "{id}" stood for message {cid}, which this store has lost or forgotten: it was sealed and sent again',
  W_NOISY: 'the machine is too noisy to tell: {why}',
  W_MACHINES: 'the reports are from different machines ({what}): compare ratios, not values',
  W_ROWS_MISSING: 'only in {report}: {rows} ({count})',
  W_NOT_RESTORED: '{what} could not be brought back: {why}',
  W_PROVIDER: 'crypto provider {provider} is in use: {why}',
  W_NO_HOME: 'there is no home here: for whom these messages are, and whether who introduces himself is known, only a home can say',
  W_UNFINISHED: 'about {size} that were sealed already stay in the store and belong to no message; `omniplex store gc` takes them away once they are {age} old, and with --grace sooner',
  W_PASSPHRASE_SHORT: 'the passphrase of {what} has fewer than {min} characters: whoever gets the file can guess it. `omniplex identity passphrase` changes it',
  W_STDIN_CUT: 'the output is an authentic prefix of {bytes} bytes, not the whole',
} as const;

export type WarningCode = keyof typeof warnings;

export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
  readonly [detail: string]: unknown;
}

export const warning = (code: WarningCode, details: Details = {}): Warning => ({ ...details, code, message: fill(warnings[code], details) });
