/** Contacts: can they still be written to? A revoked one is a decision of its owner and no concern here. */
import { contactSummary } from '../../identity/summary.ts';
import type { Examined, Subject } from '../check.ts';
import { atMost } from '../range.ts';

const NAMED_MAX = 5;

/** `alice, bob and 3 more`. */
const named = (names: readonly string[]): string => (names.length <= NAMED_MAX ? names.join(', ') : `${names.slice(0, NAMED_MAX).join(', ')} and ${names.length - NAMED_MAX} more`);

export const contactsCheck: Subject = {
  name: 'contacts',
  examine: async ({ home: open, clock }): Promise<Examined> => {
    const home = await open();
    const nowMs = clock.now();
    const living = home.people.contacts.list('true ORDER BY name').map((record) => contactSummary(home, record)).filter(({ revoked }) => revoked === undefined);
    const expired = living.filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
    const lapsed = living.filter(({ expiresAtMs, prekeysUntilMs }) => expiresAtMs > nowMs && prekeysUntilMs !== undefined && prekeysUntilMs <= nowMs);
    const unverified = living.filter(({ verified }) => verified === undefined);
    const says = [
      `${living.length} in use`,
      ...(expired.length === 0 ? [] : [`bundle expired: ${named(expired.map(({ name }) => name))}`]),
      ...(lapsed.length === 0 ? [] : [`prekeys over: ${named(lapsed.map(({ name }) => name))}`]),
      ...(unverified.length === 0 ? [] : [`${unverified.length} unverified`]),
    ];
    return {
      metrics: [
        { label: 'expired', value: expired.length, unit: '', help: 'Contacts that cannot be written to, since their bundle expired', warning: atMost(0) },
        { label: 'lapsed', value: lapsed.length, unit: '', help: 'Contacts without a live prekey: no forward secrecy', warning: atMost(0) },
        { label: 'unverified', value: unverified.length, unit: '', help: 'Contacts whose words nobody compared' },
        { label: 'total', value: living.length, unit: '', help: 'Contacts that are not revoked' },
      ],
      summary: says.join('; '),
    };
  },
};
