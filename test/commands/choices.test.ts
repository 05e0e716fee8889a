/** Words that commands offer are written where help and completion can read them without loading the core; here they are held to the core. */
import { expect, it } from 'vitest';
import type { FlagExtras } from '../../src/cli/flags.ts';
import ContactAdd from '../../src/commands/contact/add.ts';
import ContactUpdate from '../../src/commands/contact/update.ts';
import IdentityRevoke from '../../src/commands/identity/revoke.ts';
import IdentityRotate from '../../src/commands/identity/rotate.ts';
import { backupParts } from '../../src/core/backup/format.ts';
import { statuses } from '../../src/core/health/check.ts';
import { rotations } from '../../src/core/identity/own-keys.ts';
import { revocationReasons } from '../../src/core/identity/revocation.ts';
import { checkSchema } from '../../src/commands/check/_check.ts';
import { whatFlag } from '../../src/cli/backup-view.ts';

const valuesOf = (flag: unknown): readonly string[] | undefined => (flag as FlagExtras).values;

it('reasons, rotations, parts and statuses are those that there are', () => {
  expect(valuesOf(IdentityRevoke.flags.reason)).toEqual(revocationReasons);
  expect(valuesOf(IdentityRotate.flags.keys)).toEqual(rotations);
  expect(valuesOf(whatFlag)).toEqual([...backupParts, 'all']);
  expect(checkSchema.properties?.['status']?.enum).toEqual(statuses);
});

it('what a contact can become is in the schemas', () => {
  const changes = (schema: { properties?: Readonly<Record<string, { items?: object; enum?: readonly unknown[] }>> }) => schema.properties;
  expect(changes(ContactUpdate.schema)?.['change']?.enum).toEqual(['updated', 'revoked', 'replaced', 'unchanged']);
  expect(JSON.stringify(ContactAdd.schema)).toContain('["added","updated","verified","revoked","replaced","unchanged"]');
});
