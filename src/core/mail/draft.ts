/** A request that was looked at whole: names are known and allowed, settings are filled in, nothing is written yet. */
import { parseExpiry } from '../base/duration.ts';
import { fail, isError } from '../base/errors.ts';
import { parseOperationId } from '../base/printable.ts';
import type { Recipient } from '../identity/recipients.ts';
import { requireDurability } from '../storage/commit.ts';
import type { Durability } from '../storage/ports.ts';
import type { Padding } from '../message/padding.ts';
import { operationContent, operationKey } from './operation.ts';
import { addressTo, checkedName, type Address, type AddressBook } from './recipients.ts';
import type { MailRoom } from './room.ts';
import type { SendRequest } from './send-types.ts';
import type { SenderInUse } from './sender.ts';
import type { Bytes } from '../base/bytes.ts';

export interface Draft {
  readonly request: SendRequest;
  readonly recipients: readonly Recipient[];
  readonly durability: Durability;
  readonly padding: Padding;
  readonly name: string;
  readonly createdMs: number;
}

/** Throws E_USAGE, E_PASSPHRASE_SHORT, E_NO_RECIPIENT, E_TOO_MANY, E_NOT_SUPPORTED, and what is wrong with the recipients. */
export async function draftOf(room: MailRoom, book: AddressBook, request: SendRequest): Promise<Draft> {
  const { to, passphrase, id, stream, receipt, expires, allowUnverified = false } = request;
  const durability = request.durability ?? room.settings.durability;
  const createdMs = room.home.clock.now();
  if (id !== undefined) parseOperationId(id);
  passphrase?.requireForSealing();
  if (passphrase !== undefined) refuseBesidePassphrase({ to, stream: stream === true, receipt: receipt !== undefined });
  checkExpiry(expires, createdMs);
  requireDurability(room.store, durability);
  const recipients = passphrase === undefined ? await book.find(to, { allowUnverified }) : [];
  return { request, recipients, durability, padding: request.padding ?? room.settings.padding, name: checkedName(request.name ?? request.input.name ?? ''), createdMs };
}

/** Throws E_USAGE, which names the field. */
export function checkExpiry(expires: string | undefined, nowMs: number): void {
  try {
    if (expires !== undefined) parseExpiry(expires, nowMs);
  } catch (error) {
    if (!isError(error, 'E_USAGE')) throw error;
    throw fail('E_USAGE', { why: `expires: ${String(error.details['why'])}`, hint: error.hint }, error);
  }
}

function refuseBesidePassphrase({ to, stream, receipt }: { readonly to: readonly string[]; readonly stream: boolean; readonly receipt: boolean }): void {
  const why = to.length > 0 ? 'has no other recipient' : stream ? 'is announced to nobody, so it cannot be a stream' : receipt ? 'has nobody to give a receipt' : undefined;
  if (why !== undefined) throw fail('E_USAGE', { why: `a message to a passphrase ${why}` });
}

/** The recipients' keys, and mine recorded as handed out where I am one. Throws E_PREKEY_EXPIRY. */
export function addressOf(room: MailRoom, { request, recipients, createdMs }: Draft): Address {
  if (request.passphrase !== undefined) {
    return { recipients: [], expiresAtMs: request.expires === undefined ? 0 : parseExpiry(request.expires, createdMs), forwardSecret: false, warnings: [] };
  }
  const address = addressTo(recipients, request.expires, createdMs);
  for (const { identity } of recipients) {
    const own = room.home.people.identityOf(identity);
    if (own !== undefined) room.identities.handOut(own.name);
  }
  for (const told of address.warnings) room.warn(told);
  return address;
}

/** Under which name the store keeps the effect of this id, and what makes its content the same. */
export const keyOfId = ({ crypto }: MailRoom, { secret }: SenderInUse, id: string): Bytes => operationKey(crypto, secret.expose(), id);

export const contentOfId = ({ crypto }: MailRoom, { secret }: SenderInUse, { request, recipients }: Draft, digest: { readonly sha256: Bytes; readonly bytes: number }): Bytes =>
  operationContent(crypto, secret.expose(), { ...digest, recipients: recipients.map(({ identity }) => identity), expires: request.expires ?? '', receipt: request.receipt ?? '' });
