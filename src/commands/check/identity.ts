import type { Subject } from '../../core/health/check.ts';
import { checkExits, SubjectCheck, thresholdFlags } from './_check.ts';

export default class CheckIdentity extends SubjectCheck<typeof CheckIdentity> {
  static override readonly summary = 'Can my identities act, and do their prekeys and bundles last';
  static override readonly description =
    '--warning and --critical are about the seconds until the first prekey ends (7d: and 1d: when not given). `omniplex identity rotate --due` from cron keeps it OK. With --as one identity alone; revoked ones count only then; where all are revoked it is UNKNOWN. CRITICAL too: the key ring is gone, damaged or open to others, or the home is a copy, went back in time, or was overtaken by one that was restored; only the store can tell the last two. No key is opened, and nothing is written.';
  static override readonly flags = thresholdFlags;
  static override readonly exits = checkExits;
  static override readonly examples = [
    { command: 'omniplex check identity', description: 'All of mine' },
    { command: 'omniplex check identity --as alice --warning 10d: --critical 3d:', description: 'One of them, earlier' },
  ];
  static override readonly seeAlso = ['identity rotate', 'identity list'];

  protected override async subject(): Promise<Subject> {
    return (await import('../../core/health/checks/identity.ts')).identityCheck;
  }
}
