/** My identities: can they act, how long can others still write to them, and for how long are their bundles good? Revoked ones are no concern. */
import { fail, unknownName } from '../../base/errors.ts';
import { identitySummary, type IdentitySummary } from '../../identity/summary.ts';
import type { Examined, Metric, Subject } from '../check.ts';
import { stopsOf } from '../home-look.ts';
import { atLeast } from '../range.ts';

const DAY_SECONDS = 86_400;
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export const identityCheck: Subject = {
  name: 'identity',
  examine: async ({ home: open, store, clock, as }): Promise<Examined> => {
    const home = await open();
    const all = home.people.identities.list('true ORDER BY name').map((record) => identitySummary(home, record));
    if (all.length === 0 && as === undefined) throw fail('E_NO_IDENTITY', { identities: [] });
    if (as !== undefined && !all.some(({ name }) => name === as)) throw unknownName('identity', `"${as}"`);
    const found = lasting(all.filter(({ name, revoked }) => (as === undefined ? revoked === undefined : name === as)), all.length, clock.now());
    const { stops, blind } = await stopsOf(home, store);
    if (stops.length > 0) return { ...found, status: 'CRITICAL', summary: [...stops.map(({ message }) => message), found.summary].join('; ') };
    return blind === undefined ? found : { ...found, summary: `${found.summary}; the store was not asked whether a restored home has taken over: ${blind.message}` };
  },
};

/** How long they last that are looked at: those in use, or the one that was asked for. */
function lasting(living: readonly IdentitySummary[], known: number, nowMs: number): Examined {
  const [first] = living;
  if (first === undefined) return { metrics: [], summary: `${known === 1 ? 'the only identity is' : `all ${known} identities are`} revoked: nobody here can send or be written to`, status: 'UNKNOWN' };
  const left = (ms: number): number => Math.floor((ms - nowMs) / 1000);
  const bundle = living.reduce((a, b) => (b.expiresAtMs < a.expiresAtMs ? b : a), first);
  const prekeyed = living.filter(({ sendOnly }) => !sendOnly).map(({ name, prekeysUntilMs = 0 }) => ({ name, untilMs: prekeysUntilMs }));
  const prekey = prekeyed.toSorted((a, b) => a.untilMs - b.untilMs)[0];
  const expires: Metric = {
    label: 'bundle_left', value: left(bundle.expiresAtMs), unit: 's', help: 'Time until the first bundle expires', warning: atLeast(14 * DAY_SECONDS), critical: atLeast(DAY_SECONDS),
  };
  if (prekey === undefined) return { metrics: [expires], summary: `${bundle.name} is good until ${day(bundle.expiresAtMs)}`, ...revokedStatus(living) };
  const ends: Metric = {
    label: 'prekeys_left', value: left(prekey.untilMs), unit: 's', help: 'Time until the prekeys of an identity end first', warning: atLeast(7 * DAY_SECONDS), critical: atLeast(DAY_SECONDS),
  };
  const count = living.length === 1 ? '' : ` (first of ${living.length})`;
  return { metrics: [ends, expires], summary: `prekeys of ${prekey.name} until ${day(prekey.untilMs)}${count}, bundle of ${bundle.name} until ${day(bundle.expiresAtMs)}`, ...revokedStatus(living) };
}

/** Only where --as asks for one that is revoked. */
function revokedStatus(living: readonly IdentitySummary[]): Pick<Examined, 'status'> & { readonly summary?: string } {
  const found = living.find(({ revoked }) => revoked !== undefined);
  return found?.revoked === undefined ? {} : { status: 'CRITICAL', summary: `${found.name} is revoked (${found.revoked.reason}) since ${day(found.revoked.atMs)}: it can neither send nor be written to` };
}
