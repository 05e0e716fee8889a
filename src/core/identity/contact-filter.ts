/** What --where can ask of contacts, and a page of them by name. */
import { parseFilter, type Filter } from '../base/filter.ts';
import { limits } from '../base/limits.ts';
import type { Contacts } from './contacts.ts';
import type { ContactSummary } from './summary.ts';

const contactFields = { name: 'text', verified: 'bool', revoked: 'bool', expired: 'bool', prekeys: 'int', added: 'age' } as const;

export type ContactFilter = Filter<typeof contactFields>;

/** Throws E_FILTER. */
export const parseContactFilter = (text: string): ContactFilter => parseFilter(text, contactFields);

/** Prekeys that can still be sealed to. */
const livePrekeys = ({ prekeys }: Pick<ContactSummary, 'prekeys'>, nowMs: number): number => prekeys.filter(({ untilMs }) => untilMs > nowMs).length;

const fieldsOf = (contact: ContactSummary, nowMs: number) => ({
  name: contact.name,
  verified: contact.verified !== undefined,
  revoked: contact.revoked !== undefined,
  expired: contact.expiresAtMs <= nowMs,
  prekeys: livePrekeys(contact, nowMs),
  added: contact.addedAtMs,
});

export interface ContactPage {
  readonly contacts: readonly ContactSummary[];
  /** The name behind which the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

export interface ContactQuery {
  readonly where?: ContactFilter | undefined;
  /** A name: only those behind it. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly nowMs: number;
}

export function listContacts(contacts: Contacts, { where, after, limit = limits.pageItemsMax, nowMs }: ContactQuery): ContactPage {
  const all = contacts
    .list((contact) => (after === undefined || contact.name > after) && (where?.matches(fieldsOf(contact, nowMs), nowMs) ?? true))
    // The database orders by bytes, which is another order for rare letters: a cursor needs the one it is compared in.
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const page = all.slice(0, limit);
  return { contacts: page, next: all.length > page.length ? page.at(-1)?.name : undefined };
}
