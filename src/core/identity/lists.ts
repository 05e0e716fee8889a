/** What --where can ask of contacts and of my identities, and a page of them by name. */
import type { FilterRecord } from '../base/filter.ts';
import { pageOf, type Page, type PageQuery } from '../base/page.ts';
import type { Contacts } from './contacts.ts';
import type { Identities } from './identities.ts';
import type { ContactSummary, IdentitySummary } from './summary.ts';

const common = { revoked: 'bool', expired: 'bool', prekeys: 'int' } as const;

export const contactFields = { name: 'text', verified: 'bool', ...common, added: 'age' } as const;

export const identityFields = { name: 'text', 'send-only': 'bool', ...common, created: 'age' } as const;

/** `prekeys`: those that can still be sealed to. */
const commonOf = ({ revoked, expiresAtMs, prekeys }: ContactSummary | IdentitySummary, nowMs: number): FilterRecord<typeof common> => ({
  ...{ revoked: revoked !== undefined, expired: expiresAtMs <= nowMs },
  prekeys: prekeys.filter(({ untilMs }) => untilMs > nowMs).length,
});

const ofContacts = {
  keyOf: ({ name }: ContactSummary) => name,
  fieldsOf: (contact: ContactSummary, nowMs: number) => ({ name: contact.name, verified: contact.verified !== undefined, ...commonOf(contact, nowMs), added: contact.addedAtMs }),
};

const ofIdentities = {
  keyOf: ({ name }: IdentitySummary) => name,
  fieldsOf: (identity: IdentitySummary, nowMs: number) => ({ name: identity.name, 'send-only': identity.sendOnly, ...commonOf(identity, nowMs), created: identity.createdAtMs }),
};

export const listContacts = (contacts: Contacts, query: PageQuery<typeof contactFields>): Page<ContactSummary> => pageOf(contacts.list(), ofContacts, query);

export const listIdentities = (identities: Identities, query: PageQuery<typeof identityFields>): Page<IdentitySummary> => pageOf(identities.list(), ofIdentities, query);
