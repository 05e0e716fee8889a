/** Is there room where the home and the store lie? */
import { realpath, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { requireTrustedFilesystem } from '../../base/filesystem.ts';
import { isMissing } from '../../base/files.ts';
import { formatSize } from '../../base/size.ts';
import { bad, ok, warn, type Finding } from './room.ts';

/** SQLite needs some room even to delete. */
const FREE_FAIL_BYTES = 64 * 1024 ** 2;
const FREE_WARN_SHARE = 0.05;

async function nearest(path: string): Promise<string> {
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      return await realpath(at);
    } catch (error) {
      if (!isMissing(error) || at === dirname(at)) throw error;
    }
  }
}

/** Throws E_FILESYSTEM. */
export async function diskUnder(path: string): Promise<Omit<Finding, 'check'>> {
  await requireTrustedFilesystem(path);
  const { bavail, blocks, bsize } = await statfs(await nearest(path));
  const [freeBytes, bytes] = [bavail * bsize, blocks * bsize];
  const says = `${formatSize(freeBytes)} free of ${formatSize(bytes)} under ${path}`;
  const advice = 'Free some: `omniplex store show` says what takes the space, demote and gc let go of it.';
  if (freeBytes < FREE_FAIL_BYTES) return bad(says, advice, { code: 'E_DISK_FULL' });
  return freeBytes < bytes * FREE_WARN_SHARE ? warn(says, advice) : ok(says);
}
