/** A full disk: refused with a code, nothing half, and all goes on when there is room again. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder } from '../../support/folder.ts';
import type { FullReport } from './full.ts';

const namespace = ['unshare', '--map-root-user', '--mount', 'sh', '-c'];
const available = process.platform === 'linux' && spawnSync(namespace[0] as string, [...namespace.slice(1), 'mount -t tmpfs tmpfs /mnt']).status === 0;

describe('a store on a full disk', () => {
  it.skipIf(!available)('says E_DISK_FULL to every kind of write, and loses nothing', { timeout: 120_000 }, async () => {
    const folder = await freshFolder();
    const script = `mount -t tmpfs -o size=24m tmpfs "$1" && exec "$2" "$3" "$1"`;
    const ran = spawnSync(namespace[0] as string, [...namespace.slice(1), script, 'sh', folder, process.execPath, join(import.meta.dirname, 'full.ts')], { encoding: 'utf8' });
    expect(ran.stderr).toBe('');
    const { codes, faults, stored } = JSON.parse(ran.stdout) as FullReport;
    expect(faults).toEqual([]);
    const full = 'E_DISK_FULL';
    expect(codes).toEqual({ send: full, put: full, 'cold put': full, announcements: full, export: full, create: full, demote: full });
    expect(stored).toBeGreaterThan(2);
  });
});
