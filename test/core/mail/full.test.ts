/** A full disk: refused with a code, nothing half, and the same ids go on when there is room again. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../../support/folder.ts';
import type { FullReport } from './full.ts';

const namespace = ['unshare', '--map-root-user', '--mount', 'sh', '-c'];
const available = process.platform === 'linux' && spawnSync(namespace[0] as string, [...namespace.slice(1), 'mount -t tmpfs tmpfs /mnt']).status === 0;

describe('sending on a full disk', () => {
  it.skipIf(!available)('says E_DISK_FULL, and leaves nothing half', { timeout: 120_000 }, async () => {
    const folder = await freshFolder();
    const script = `mount -t tmpfs -o size=64m tmpfs "$1" && exec "$2" "$3" "$1"`;
    const ran = spawnSync(namespace[0] as string, [...namespace.slice(1), script, 'sh', folder, process.execPath, join(import.meta.dirname, 'full.ts')], { encoding: 'utf8' });
    expect(ran.stderr).toBe('');
    const { codes, faults } = JSON.parse(ran.stdout) as FullReport;
    expect(faults).toEqual([]);
    const { out, ...sends } = codes;
    expect(Object.keys(sends)).toHaveLength(5);
    for (const code of Object.values(sends)) expect(code).toBe('E_DISK_FULL');
    expect(out).toBe('E_INCOMPLETE');
  });
});
