/** What was sent: is anything lost, failed, or left without an outcome by a process that died? */
import { limits } from '../../base/limits.ts';
import { isUnderWay } from '../../mail/flight.ts';
import type { Examined, Subject } from '../check.ts';
import { atMost } from '../range.ts';

export const outboxCheck: Subject = {
  name: 'outbox',
  examine: async ({ home: open }): Promise<Examined> => {
    const home = await open();
    const { lost, failed, unknown, announced, refused } = home.outbox.counts();
    const flying = unknown === 0 ? [] : home.outbox.list({ limit: limits.pageItemsMax, states: ['unknown'], where: (entry) => isUnderWay({ home }, entry) }).entries;
    const underWay = flying.flatMap(({ recipients }) => recipients.filter(({ state }) => state === 'unknown')).length;
    const abandoned = unknown - underWay;
    const says = [
      ...(lost === 0 ? [] : [`${lost} lost`]),
      ...(failed === 0 ? [] : [`${failed} failed`]),
      ...(abandoned === 0 ? [] : [`${abandoned} of unknown outcome`]),
      ...(refused === 0 ? [] : [`${refused} receipts refused`]),
      `${announced} announced and not confirmed`,
    ];
    return {
      metrics: [
        { label: 'lost', value: lost, unit: '', help: 'Deliveries that were acknowledged and are lost', critical: atMost(0) },
        { label: 'failed', value: failed, unit: '', help: 'Deliveries that failed', warning: atMost(0) },
        { label: 'unknown', value: abandoned, unit: '', help: 'Deliveries whose outcome nobody knows', warning: atMost(0) },
        { label: 'announced', value: announced, unit: '', help: 'Deliveries that were announced and not confirmed' },
      ],
      summary: says.join(', '),
    };
  },
};
