/** What was sent: is anything lost, failed, or left without an outcome by a process that died? Losses are read in the store, and none is written down here. */
import { count } from '../../base/count.ts';
import { isError, type OmniplexError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isUnderWay } from '../../mail/flight.ts';
import type { Home } from '../../home/index.ts';
import { newsOf } from '../../mail/news.ts';
import { isDamage, type CheckRoom, type Examined, type Subject } from '../check.ts';
import { atMost } from '../range.ts';

export const outboxCheck: Subject = {
  name: 'outbox',
  examine: async (room): Promise<Examined> => {
    const home = await room.home();
    const counts = home.outbox.counts();
    const { failed, unknown, refused } = counts;
    const { lost, announced, blind } = await withLosses(room, home, counts);
    const flying = unknown === 0 ? [] : home.outbox.list({ limit: limits.pageItemsMax, states: ['unknown'], where: (entry) => isUnderWay({ home }, entry) }).entries;
    const underWay = flying.flatMap(({ recipients }) => recipients.filter(({ state }) => state === 'unknown')).length;
    const abandoned = unknown - underWay;
    const says = [
      ...(lost === 0 ? [] : [`${lost} lost`]),
      ...(failed === 0 ? [] : [`${failed} failed`]),
      ...(abandoned === 0 ? [] : [`${abandoned} of unknown outcome`]),
      ...(refused === 0 ? [] : [`${count(refused, 'receipt')} refused`]),
      `${announced} announced and not confirmed`,
      ...(blind === undefined ? [] : [`the store was not asked what is lost: ${blind.message}`]),
    ];
    return {
      metrics: [
        { label: 'lost', value: lost, unit: '', help: 'Deliveries that were acknowledged and are lost', critical: atMost(0) },
        { label: 'failed', value: failed, unit: '', help: 'Deliveries that failed', warning: atMost(0) },
        { label: 'unknown', value: abandoned, unit: '', help: 'Deliveries whose outcome nobody knows', warning: atMost(0) },
        { label: 'announced', value: announced, unit: '', help: 'Deliveries that were announced and not confirmed' },
      ],
      summary: says.join(', '),
      ...(blind !== undefined && announced > 0 && { status: isDamage(blind) ? ('CRITICAL' as const) : ('UNKNOWN' as const) }),
    };
  },
};

interface Losses {
  readonly lost: number;
  readonly announced: number;
  /** Why the store was not asked. */
  readonly blind?: OmniplexError;
}

/** As the next command will write it down. */
export async function withLosses(room: Pick<CheckRoom, 'store'>, home: Home, { lost, announced }: Losses): Promise<Losses> {
  try {
    const { moves } = await newsOf(home, await room.store());
    const more = moves.reduce((sum, { state }) => sum + (state === 'lost' ? 1 : -1), 0);
    return { lost: lost + more, announced: announced - more };
  } catch (error) {
    if (!isError(error)) throw error;
    return { lost, announced, blind: error };
  }
}
