/**
 * To whom a message goes: contacts by name, my own identities by name, bundle files by path. Every one is looked up and checked before
 * anything is written, and what is wrong with any of them is said in one error.
 */
import { bytesOf, textOf } from '../base/bytes.ts';
import { sameCid } from '../base/cid.ts';
import { rfc3339 } from '../base/clock.ts';
import { parseExpiry } from '../base/duration.ts';
import { fail, OmniplexError, revokedOwn, warning, unknownName, type ErrorCode, type Warning } from '../base/errors.ts';
import { readBounded } from '../base/files.ts';
import { limits } from '../base/limits.ts';
import { parsePlain } from '../base/printable.ts';
import { atPlaces, isOfFile } from '../identity/bundle-sources.ts';
import { historyOf, introductionOf } from '../identity/history.ts';
import { decodeBundleFile } from '../identity/introduction.ts';
import { contactRecipient, introducedRecipient, latestExpiry, recipientKeyFor, type Recipient } from '../identity/recipients.ts';
import type { KemRecipient } from '../message/stanza.ts';
import type { MailRoom } from './room.ts';

/** A recipient with the key that this message is sealed to. */
export interface Addressed {
  readonly name: string;
  readonly recipient: Recipient;
  readonly inbox: Uint8Array;
  readonly key: KemRecipient;
}

export interface Address {
  readonly recipients: readonly Addressed[];
  /** ms since epoch, 0 = none. */
  readonly expiresAtMs: number;
  /** Every one is reached by a prekey. */
  readonly forwardSecret: boolean;
  readonly warnings: readonly Warning[];
}

export interface Refusal {
  /** As it was asked for. */
  readonly name: string;
  readonly error: OmniplexError;
}

/** The first of these that applies is the error; the others are named in it. */
const ORDER: readonly ErrorCode[] = ['E_NAME_AMBIGUOUS', 'E_NAME_UNKNOWN', 'E_NOT_FOUND', 'E_NOT_IN_VERSION_1', 'E_REVOKED', 'E_BUNDLE_EXPIRED', 'E_UNVERIFIED', 'E_PREKEY_EXPIRY', 'E_NOT_SUPPORTED'];

const isPath = (text: string): boolean => text.includes('/') || text.endsWith('.bundle');

const quoted = (name: string): string => `"${name.slice(0, 80)}"`;

/** Names and what they stand for, looked up once a run. */
export class AddressBook {
  readonly #room: MailRoom;
  readonly #found = new Map<string, Promise<Recipient | OmniplexError>>();

  constructor(room: MailRoom) {
    this.#room = room;
  }

  /**
   * Those that `names` stand for, each once, in this order. Throws the one error for all that cannot be found or may not be sent to:
   * E_NAME_AMBIGUOUS, E_NAME_UNKNOWN, E_NOT_IN_VERSION_1 (groups), E_REVOKED, E_BUNDLE_EXPIRED, E_UNVERIFIED; E_NO_RECIPIENT, E_TOO_MANY.
   */
  async find(names: readonly string[], { allowUnverified = false } = {}): Promise<readonly Recipient[]> {
    const refusals = await this.refusals(names, { allowUnverified });
    if (refusals.length > 0) throw combined(refusals);
    const all = (await Promise.all(names.map((name) => this.#lookUp(name)))) as readonly Recipient[];
    const once = [...new Map(all.map((recipient) => [recipient.identity.toString(), recipient])).values()];
    if (once.length === 0) throw fail('E_NO_RECIPIENT');
    if (once.length > limits.recipientsMax) throw fail('E_TOO_MANY', { what: 'recipients', count: once.length, max: limits.recipientsMax });
    return once;
  }

  /** What is wrong with these names, if anything. */
  async refusals(names: readonly string[], { allowUnverified = false } = {}): Promise<readonly Refusal[]> {
    const refusals: Refusal[] = [];
    for (const name of new Set(names)) {
      const found = await this.#lookUp(name);
      const error = found instanceof OmniplexError ? found : refusalOf(found, this.#room.home.clock.now(), allowUnverified);
      if (error !== undefined) refusals.push({ name, error });
    }
    return refusals;
  }

  #lookUp(name: string): Promise<Recipient | OmniplexError> {
    let found = this.#found.get(name);
    if (found === undefined) {
      found = lookUp(this.#room, name).catch((error: unknown) => {
        if (error instanceof OmniplexError) return error;
        throw error;
      });
      this.#found.set(name, found);
    }
    return found;
  }
}

async function lookUp({ home, crypto }: MailRoom, name: string): Promise<Recipient> {
  parsePlain(name);
  if (name.startsWith('group:')) throw fail('E_NOT_IN_VERSION_1', { what: 'sending to a group' });
  const contact = home.people.contactNamed(name);
  const own = home.people.identityNamed(name);
  // Refused where names are given, but homes of earlier releases, and restored ones, may have such a pair.
  if (contact !== undefined && own !== undefined && !sameCid(contact.id, own.id)) throw fail('E_NAME_AMBIGUOUS', { names: quoted(name) });
  if (own !== undefined && historyOf(home, own.id).revocation !== undefined) throw revokedOwn(name);
  if (own !== undefined) return { ...introducedRecipient(home, introductionOf(home, own.id)), name, verified: true, revoked: false };
  if (contact !== undefined) return contactRecipient(home, contact);
  if (!isPath(name)) throw unknownName('contact', quoted(name));
  return introducedRecipient(home, await decodeBundleFile(crypto, await readBounded(name, limits.bundleFileBytesMax)));
}

function refusalOf({ name, bundle, revoked, verified, inbox }: Recipient, nowMs: number, allowUnverified: boolean): OmniplexError | undefined {
  const names = quoted(name);
  if (revoked) return fail('E_REVOKED', { names });
  if (bundle.expiresAtMs <= nowMs) return fail('E_BUNDLE_EXPIRED', { names });
  if (!verified && !allowUnverified) return fail('E_UNVERIFIED', { names });
  if (inbox === undefined) return fail('E_NOT_SUPPORTED', { what: `sending to ${names}`, backend: 'a bundle without an inbox' });
  return undefined;
}

const placed = ({ name, error }: Refusal) => ({ place: name, error });

/** One error for all of them: names of the same code together, the others behind them. */
export function combined(refusals: readonly Refusal[]): OmniplexError {
  const rank = ({ error }: Refusal): number => (ORDER.includes(error.code) ? ORDER.indexOf(error.code) : -1);
  const [first, ...rest] = [...refusals].sort((a, b) => rank(a) - rank(b)) as [Refusal, ...Refusal[]];
  const refused = refusals.map(({ name, error }) => ({ name, code: error.code }));
  const ofFile = isOfFile(first.error);
  if (rest.length === 0 && !ofFile) return first.error;
  const { code, details, hint, cause } = ofFile ? atPlaces(placed(first), rest.map(placed)) : first.error;
  if (ofFile) return fail(code, { ...details, refused, hint }, cause);
  const same = [first, ...rest.filter(({ error }) => error.code === code)];
  const others = rest.filter(({ error }) => error.code !== code);
  const also = others.length === 0 ? '' : ` (also refused: ${others.map(({ name, error }) => `${quoted(name)} ${error.code}`).join(', ')})`;
  const names = same.map(({ name }) => quoted(name)).join(', ') + also;
  return fail(code, { ...details, names, refused, hint }, cause);
}

/**
 * The key of each for a message that expires then. `expires` is a duration, a date, `never`, or undefined: as late as the recipients'
 * prekeys allow, so that forward secrecy is what happens when nobody asks. Throws E_USAGE, E_PREKEY_EXPIRY.
 */
export function addressTo(recipients: readonly Recipient[], expires: string | undefined, nowMs: number): Address {
  const expiresAtMs = expires === undefined ? commonExpiry(recipients, nowMs) : parseExpiry(expires, nowMs);
  const addressed: Addressed[] = [];
  const warnings: Warning[] = [];
  const refusals: Refusal[] = [];
  for (const recipient of recipients) {
    const { name, inbox } = recipient;
    try {
      const found = keyOf(recipient, expiresAtMs, expires === undefined, nowMs);
      addressed.push({ name, recipient, inbox: inbox as Uint8Array, key: found.key });
      warnings.push(...found.warnings);
    } catch (error) {
      if (!(error instanceof OmniplexError)) throw error;
      refusals.push({ name, error });
    }
  }
  if (refusals.length > 0) throw combined(refusals);
  return { recipients: addressed, expiresAtMs, forwardSecret: addressed.every(({ key }) => key.keyType === 'prekey'), warnings };
}

function keyOf(recipient: Recipient, expiresAtMs: number, byDefault: boolean, nowMs: number): { key: KemRecipient; warnings: readonly Warning[] } {
  const lapsed = recipient.bundle.prekeys.length > 0 && latestExpiry(recipient, nowMs) === undefined;
  const { recipient: key, warnings } = recipientKeyFor(recipient, byDefault && lapsed ? 0 : expiresAtMs, nowMs);
  if (!byDefault || !lapsed) return { key, warnings };
  const why = `their last prekey ended on ${rfc3339(recipient.bundle.prekeys.at(-1)?.untilMs ?? 0).slice(0, 10)}`;
  return { key, warnings: [...warnings.filter(({ code }) => code !== 'W_NO_FORWARD_SECRECY'), warning('W_NO_FORWARD_SECRECY', { contact: recipient.name, why })] };
}

/** The latest that suits all who have live prekeys; 0 when nobody has. */
function commonExpiry(recipients: readonly Recipient[], nowMs: number): number {
  const latest = recipients.flatMap((recipient) => latestExpiry(recipient, nowMs) ?? []);
  return latest.length === 0 ? 0 : Math.min(...latest);
}

/** The names in a file for --to-file: one a line; empty lines and those that begin with # are passed over. */
export async function readRecipients(path: string): Promise<readonly string[]> {
  const bytes = await readBounded(path, limits.toFileBytesMax);
  let text: string;
  try {
    text = textOf(bytes);
  } catch (cause) {
    throw fail('E_FORMAT', { kind: 'list of recipients', why: 'not UTF-8' }, cause);
  }
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Of a file's name, as the metadata takes it. Throws E_TOO_MANY, before anything is sealed. */
export function checkedName(name: string): string {
  const count = bytesOf(name).length;
  if (count > limits.nameBytesMax) throw fail('E_TOO_MANY', { what: 'bytes of the name', count, max: limits.nameBytesMax });
  return name;
}
