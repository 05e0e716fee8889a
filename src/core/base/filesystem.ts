/**
 * Refuses a home or a store on a file system whose locks SQLite cannot trust: network mounts and FAT.
 * It does not promise to know every file system: it refuses the ones known to be wrong, on Linux, where the kernel names them.
 * On other platforms nothing is refused; docs/SECURITY.md says so.
 * Sources: statfs(2), linux/magic.h, https://sqlite.org/howtocorrupt.html section 2.
 */
import { readFile, realpath, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fail } from './errors.ts';
import { fileError, isMissing } from './files.ts';

/** Magic numbers of statfs(2) that are refused as they stand. */
const refusedMagic: ReadonlyMap<number, string> = new Map([
  [0x6969, 'nfs'],
  [0x517b, 'smb'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x4d44, 'fat'],
  [0x2011bab0, 'exfat'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x73757245, 'coda'],
  [0x00c36400, 'ceph'],
  [0x0bd00bd0, 'lustre'],
  [0x47504653, 'gpfs'],
  [0x564c, 'ncp'],
  [0x01161970, 'gfs2'],
  [0x786f4256, 'vboxsf'],
  [0xbacbacbc, 'vmhgfs'],
]);
const FUSE_MAGIC = 0x65735546;
/** FUSE file systems that reach over a network, or that sit on FAT. Local ones (gocryptfs, mergerfs, ntfs-3g) keep locks. */
const refusedFuse = /^fuse\.(sshfs|rclone|s3fs|s3ql|gcsfuse|goofys|davfs2?|curlftpfs|glusterfs|ceph.*|mfs|moosefs|juicefs|smbnetfs|blobfuse2?|exfat.*|vmhgfs-fuse)$/;

export interface FilesystemProbe {
  /** f_type of statfs(2). */
  magic(path: string): Promise<number>;
  /** The text of /proc/self/mountinfo. */
  mounts(): Promise<string>;
}

const systemProbe: FilesystemProbe = {
  magic: async (path) => (await statfs(path)).type,
  mounts: () => readFile('/proc/self/mountinfo', 'utf8'),
};

/** The nearest part of the path that exists, with links resolved: what a new folder would be created on. */
async function nearestExisting(path: string): Promise<string> {
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      return await realpath(at);
    } catch (error) {
      if (!isMissing(error) || at === dirname(at)) throw fileError(at, error);
    }
  }
}

/** The type of the mount that `path` lies on, as mountinfo spells it; undefined when it cannot be told. See proc_pid_mountinfo(5). */
export function mountTypeOf(path: string, mountinfo: string): string | undefined {
  let best = { length: -1, type: undefined as string | undefined };
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const point = before?.split(' ')[4]?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const type = after?.split(' ')[0];
    if (point === undefined || type === undefined) continue;
    const holds = path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`);
    // Of two mounts on one point the later line is the one on top.
    if (holds && point.length >= best.length) best = { length: point.length, type };
  }
  return best.type;
}

/** The name of a refused file system under `path` (which need not exist yet), or undefined. */
export async function refusedFilesystem(path: string, probe: FilesystemProbe = systemProbe): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const at = await nearestExisting(path);
  const magic = (await probe.magic(at)) >>> 0;
  const known = refusedMagic.get(magic);
  if (known !== undefined) return known;
  if (magic !== FUSE_MAGIC) return undefined;
  const type = mountTypeOf(at, await probe.mounts().catch(() => ''));
  return type !== undefined && refusedFuse.test(type) ? type : undefined;
}

/** Throws E_FILESYSTEM when `path` lies, or would lie, on a network or FAT file system. */
export async function requireTrustedFilesystem(path: string, probe?: FilesystemProbe): Promise<void> {
  const type = await refusedFilesystem(path, probe);
  if (type !== undefined) throw fail('E_FILESYSTEM', { path, type });
}
