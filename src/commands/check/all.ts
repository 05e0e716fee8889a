import type { CheckResult, CheckRoom } from '../../core/health/check.ts';
import { CheckCommand, checkExits, checkFlags } from './_check.ts';

export default class CheckAll extends CheckCommand<typeof CheckAll> {
  static override readonly summary = 'Run every check that applies here, as one';
  static override readonly description =
    'The store, each job that has run, and, where there is a home, the home itself, identities, contacts and the outbox. The home is its database, of which every page is read; a home without identities is OK, and the outbox is looked at all the same. The worst status counts, and CRITICAL goes before UNKNOWN: what is damaged is CRITICAL, what cannot be looked at UNKNOWN. Thresholds are those of each check; --max-age holds for all that rests on an audit or a job. With --format prometheus the file of --out is replaced, by rename.';
  static override readonly flags = checkFlags;
  static override readonly exits = checkExits;
  static override readonly examples = [
    { command: 'omniplex check all', description: 'One line for Nagios, and one a check below it' },
    { command: 'omniplex check all --format prometheus --out /var/lib/node_exporter/omniplex.prom', description: 'From cron, for the node exporter' },
    { command: 'omniplex check all --format text', description: 'For a person' },
  ];
  static override readonly seeAlso = ['check store', 'check job', 'doctor'];

  protected override async check(room: CheckRoom): Promise<readonly CheckResult[]> {
    const { checkAll } = await import('../../core/health/check-all.ts');
    const { origins } = await this.session.settings();
    return checkAll(room, { maxAgeMs: this.flags['max-age'], homeIsNamed: origins.home?.from !== 'default' });
  }
}
