/** A tar file of small members, in the POSIX ustar format (pax, IEEE Std 1003.1, "ustar Interchange Format"). Short ASCII names only. */
import { bytesOf, concat, type Bytes } from '../base/bytes.ts';

export interface TarMember {
  readonly name: string;
  readonly bytes: Bytes;
}

const BLOCK_BYTES = 512;
const NAME_CHARS_MAX = 100;
const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;

function headerOf({ name, bytes }: TarMember, atMs: number): Bytes {
  if (!/^[\u0021-\u007e]+$/.test(name) || name.length > NAME_CHARS_MAX) throw new Error('not a name for a tar member');
  const header = new Uint8Array(BLOCK_BYTES);
  const put = (at: number, text: string) => header.set(bytesOf(text), at);
  put(0, name);
  put(100, octal(0o600, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(bytes.length, 11));
  put(136, octal(Math.floor(atMs / 1000), 11));
  // The checksum is made with its own field blank.
  put(148, '        ');
  put(156, '0');
  put(257, 'ustar\u000000');
  put(148, `${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `);
  return header;
}

/** The members in this order, all of one time, owned by nobody, 0600. */
export function tarOf(members: readonly TarMember[], atMs: number): Bytes {
  const parts = members.flatMap((member) => [headerOf(member, atMs), member.bytes, new Uint8Array(-member.bytes.length & (BLOCK_BYTES - 1))]);
  return concat(...parts, new Uint8Array(2 * BLOCK_BYTES));
}
