/** The store: does it open, is there room in the hot tier, did audits find anything that is still so, is a lock left behind? */
import { count } from '../../base/count.ts';
import { formatSize } from '../../base/size.ts';
import type { Examined, Metric, Subject } from '../check.ts';
import { lastAudit } from '../last-audit.ts';
import { atMost } from '../range.ts';

/** Of the hot tier's budget, in percent. */
export const FULL_WARNING = 80;
export const FULL_CRITICAL = 95;

export const storeCheck: Subject = {
  name: 'store',
  examine: async ({ store: open }): Promise<Examined> => {
    const store = await open();
    const { bytes, blocks } = await store.hot.usage();
    const used = Math.round((bytes / store.hotBudgetBytes) * 1000) / 10;
    const left = (await store.locks.list()).filter(({ state }) => state !== 'held').length;
    const { run, bad, lost, says } = await lastAudit(store);
    const metrics: Metric[] = [
      { label: 'hot_used', value: used, unit: '%', help: 'Share of the budget of the hot tier that is used', warning: atMost(FULL_WARNING), critical: atMost(FULL_CRITICAL) },
      { label: 'hot', value: bytes, unit: 'B', help: 'Bytes in the hot tier' },
      { label: 'hot_blocks', value: blocks, unit: '', help: 'Blocks in the hot tier' },
      { label: 'locks_left', value: left, unit: '', help: 'Locks whose holder is gone' },
    ];
    if (bad !== undefined) metrics.push({ label: 'bad', value: bad, unit: '', help: 'What audits found bad, and no full verify took back', critical: atMost(0) });
    if (lost !== undefined) metrics.push({ label: 'lost', value: lost, unit: '', help: 'Messages that were acknowledged and are lost', critical: atMost(0) });
    const locks = left === 0 ? '' : `, ${count(left, 'lock')} left behind`;
    return {
      metrics,
      summary: `hot ${used} % of ${formatSize(store.hotBudgetBytes)}, ${says}${locks}`,
      status: run !== undefined && run.exit !== 0 && bad === undefined ? 'WARNING' : 'OK',
      audited: { what: 'store verify', atMs: run?.endedAtMs },
    };
  },
};
