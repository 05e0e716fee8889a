import { arg } from '../../cli/flags.ts';
import type { Subject } from '../../core/health/check.ts';
import { checkExits, SubjectCheck, thresholdFlags } from './_check.ts';

export default class CheckJob extends SubjectCheck<typeof CheckJob> {
  static override readonly summary = 'Did a maintenance job run, when, and how did it end';
  static override readonly description =
    'Every maintenance command leaves a record of its last run in the store: demote, promote, gc, verify and others. Exit 12 (incomplete) and 6 (locked) are WARNING, since the next run goes on; any other failure is CRITICAL. --warning and --critical are about the seconds since it ended.';
  static override readonly args = { name: arg('the job: the command by its verb, such as demote') };
  static override readonly flags = thresholdFlags;
  static override readonly exits = { ...checkExits, 3: 'it never ran here, or its record is older than --max-age' };
  static override readonly examples = [
    { command: 'omniplex check job demote --max-age 26h', description: 'UNKNOWN when the nightly job did not run' },
    { command: 'omniplex check job verify --critical 2d', description: 'CRITICAL after two days' },
  ];
  static override readonly seeAlso = ['store show', 'demote', 'store verify'];

  protected override async subject(): Promise<Subject> {
    return (await import('../../core/health/checks/job.ts')).jobCheck(this.args.name);
  }
}
