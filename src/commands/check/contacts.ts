import type { Subject } from '../../core/health/check.ts';
import { checkExits, SubjectCheck, thresholdFlags } from './_check.ts';

export default class CheckContacts extends SubjectCheck<typeof CheckContacts> {
  static override readonly summary = 'Can my contacts still be written to';
  static override readonly description =
    '--warning and --critical are about how many have an expired bundle (WARNING above 0 when not given). Contacts whose prekeys are over are WARNING too: what is sent to them has no forward secrecy. Revoked ones are left out.';
  static override readonly flags = thresholdFlags;
  static override readonly exits = checkExits;
  static override readonly examples = [
    { command: 'omniplex check contacts', description: 'Whom must I ask for a newer bundle?' },
    { command: 'omniplex check contacts --critical 0', description: 'One that cannot be reached is CRITICAL' },
  ];
  static override readonly seeAlso = ['contact list', 'contact update'];

  protected override async subject(): Promise<Subject> {
    return (await import('../../core/health/checks/contacts.ts')).contactsCheck;
  }
}
