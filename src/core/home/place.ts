/**
 * Where a home lives: the machine and the inode of its folder. A copy gets another inode, a clone another machine id.
 * The device number is left out: it changes when a disk is mounted in another order. An image of a whole machine keeps
 * both and is found only by the witness in a store (witness.ts).
 */
import { readFile, stat } from 'node:fs/promises';
import { bytesOf, type Bytes } from '../base/bytes.ts';
import { sha256 } from '../base/cid.ts';

const MACHINE_ID_FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id'] as const;

/** The id of machine-id(5), or nothing where there is none: a host name changes too easily to be one. */
async function machineId(): Promise<string> {
  for (const file of MACHINE_ID_FILES) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.trim() !== '') return text.trim();
  }
  return '';
}

/** 32 bytes that change when the home is copied. Hashed, so that a backup does not carry the machine id in the clear. */
export async function placeOf(path: string, homeId: string): Promise<Bytes> {
  const { ino } = await stat(path, { bigint: true });
  return sha256(bytesOf(`omniplex/v1/place\0${homeId}\0${await machineId()}\0${ino}`));
}
