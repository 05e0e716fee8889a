/**
 * The name of a received file, as a name that is safe to create. The sender chose it, so it is hostile: no path, no control
 * characters, no leading dot or dash, no device name of Windows, no direction marks that make `exe.pdf` of `fdp.exe`.
 */
import { limits } from '../base/limits.ts';

const FALLBACK = 'message';
/** Control characters, and format characters that change what a person sees (Unicode categories Cc, Cf, Zl, Zp, surrogates, private use). */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;
const RESERVED = /[<>:"|?*]/g;
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** A single path component of 1 to 255 UTF-8 bytes that starts with neither dot nor dash. Total: any string gives one. */
export function safeFileName(name: string): string {
  const last = name.normalize('NFC').split(/[/\\]/).findLast((part) => part !== '' && part !== '.' && part !== '..') ?? '';
  const clean = last
    .replace(INVISIBLE, '')
    .replace(RESERVED, '_')
    .trim()
    .replace(/^[.\-\s]+/, '')
    .replace(/[.\s]+$/, '');
  const short = truncated(clean === '' ? FALLBACK : clean);
  return DEVICE.test(short) ? `_${short}` : short;
}

/** At most 255 bytes of UTF-8, cut before the extension, never within a character. */
function truncated(name: string): string {
  const max = limits.nameBytesMax - 1;
  if (Buffer.byteLength(name) <= max) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && Buffer.byteLength(name.slice(dot)) <= 20 ? name.slice(dot) : '';
  let room = max - Buffer.byteLength(extension);
  let stem = '';
  for (const character of name) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    stem += character;
  }
  return stem.replace(/[.\s]+$/, '') + extension;
}
