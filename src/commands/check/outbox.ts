import type { Subject } from '../../core/health/check.ts';
import { checkExits, SubjectCheck, thresholdFlags } from './_check.ts';

export default class CheckOutbox extends SubjectCheck<typeof CheckOutbox> {
  static override readonly summary = 'Is anything that I sent lost, failed, or of unknown outcome';
  static override readonly description =
    '--warning and --critical are about how many deliveries are lost (CRITICAL above 0 when not given). Failed ones, and ones that a dead process left without an outcome, are WARNING. A send under way is neither.';
  static override readonly flags = thresholdFlags;
  static override readonly exits = checkExits;
  static override readonly examples = [{ command: 'omniplex check outbox', description: 'From cron, so that a loss reaches its sender' }];
  static override readonly seeAlso = ['outbox list', 'outbox resend'];

  protected override async subject(): Promise<Subject> {
    return (await import('../../core/health/checks/outbox.ts')).outboxCheck;
  }
}
