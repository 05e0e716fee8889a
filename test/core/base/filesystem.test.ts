import { describe, expect, it } from 'vitest';
import { mountTypeOf, refusedFilesystem, requireTrustedFilesystem, type FilesystemProbe } from '../../../src/core/base/filesystem.ts';

const probe = (magic: number, mounts = ''): FilesystemProbe => ({ magic: async () => magic, mounts: async () => mounts });
const mountinfo = (type: string, point = '/') => `36 35 98:0 / / rw - ext4 /dev/a rw\n37 35 98:1 / ${point} rw,noatime shared:1 - ${type} x rw\n`;

describe.runIf(process.platform === 'linux')('file systems under a home or store', () => {
  it.each([
    ['nfs', 0x6969],
    ['smb2', 0xfe534d42],
    ['smb2, as a signed number', 0xfe534d42 | 0],
    ['fat', 0x4d44],
    ['exfat', 0x2011bab0],
    ['ceph', 0x00c36400],
  ])('%s is refused', async (_, magic) => {
    await expect(requireTrustedFilesystem('/', probe(magic))).rejects.toMatchObject({ code: 'E_FILESYSTEM' });
  });

  it.each(['fuse.sshfs', 'fuse.rclone', 'fuse.s3fs', 'fuse.glusterfs'])('%s is refused', async (type) => {
    await expect(requireTrustedFilesystem('/', probe(0x65735546, mountinfo(type)))).rejects.toMatchObject({ code: 'E_FILESYSTEM', details: { type } });
  });

  it.each([
    ['ext4', 0xef53, ''],
    ['tmpfs', 0x01021994, ''],
    ['a local FUSE file system', 0x65735546, mountinfo('fuse.gocryptfs')],
    ['FUSE that cannot be told', 0x65735546, ''],
  ])('%s is taken', async (_, magic, mounts) => {
    expect(await refusedFilesystem('/', probe(magic, mounts))).toBeUndefined();
  });

  it('asks the nearest folder that exists', async () => {
    const asked: string[] = [];
    const watching = { ...probe(0xef53), magic: async (path: string) => (asked.push(path), 0xef53) };
    await refusedFilesystem('/proc/self/nothing/here/yet/../home', watching);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^\/proc\/\d+$/);
  });
});

describe('mountinfo', () => {
  it('takes the deepest mount that holds the path', () => {
    expect(mountTypeOf('/media/usb/home', mountinfo('vfat', '/media/usb'))).toBe('vfat');
    expect(mountTypeOf('/media/usb2/home', mountinfo('vfat', '/media/usb'))).toBe('ext4');
    expect(mountTypeOf('/media/my stick/x', mountinfo('vfat', '/media/my\\040stick'))).toBe('vfat');
  });

  it('takes the mount on top', () => {
    expect(mountTypeOf('/x', mountinfo('nfs4', '/'))).toBe('nfs4');
  });

  it('answers nothing for text that is none', () => {
    expect(mountTypeOf('/x', 'garbage\n- -\n')).toBeUndefined();
  });
});
