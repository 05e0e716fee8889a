import type { Subject } from '../../core/health/check.ts';
import { checkExits, SubjectCheck, thresholdFlags } from './_check.ts';

export default class CheckStore extends SubjectCheck<typeof CheckStore> {
  static override readonly summary = 'Is the store in order: room in the hot tier, last verify, locks left behind';
  static override readonly description =
    '--warning and --critical are about the percentage of the hot budget that is used (80 and 95 when not given). It hashes nothing itself: run `omniplex store verify` from cron, and give --max-age to be told when that stops.';
  static override readonly flags = thresholdFlags;
  static override readonly exits = checkExits;
  static override readonly examples = [
    { command: 'omniplex check store --max-age 26h', description: 'With a nightly store verify' },
    { command: 'omniplex check store --warning 70 --critical 90', description: 'Earlier than by default' },
  ];
  static override readonly seeAlso = ['store verify', 'store show', 'demote'];

  protected override async subject(): Promise<Subject> {
    return (await import('../../core/health/checks/store.ts')).storeCheck;
  }
}
