/** What lists have in common: their flags, the cursor in their answer, and how they end. */
import { limits } from '../core/base/limits.ts';
import type { Lines } from './output.ts';
import { nullable, string } from './schema.ts';
import { shared } from './shared.ts';

export const pageFlags = { where: shared.where, limit: { ...shared.limit, otherwise: String(limits.pageItemsMax) }, after: shared.after };

export const nextCursor = nullable(string('for --after; null at the end'));

/** Is it the list from its beginning, with nothing left out? Only then does an empty answer mean that there is nothing. */
export const isWhole = ({ where, after }: { readonly where: string | undefined; readonly after: string | undefined }): boolean => where === undefined && after === undefined;

/** As one word of a shell: a cursor may be a path. */
const shellWord = (text: string): string => (/^[\w:@.,/+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);

/** Says how to go on, where there is more. */
export const withNext = (next: string | null, lines: readonly string[]): Lines => (next === null ? lines : [...lines, `more: --after ${shellWord(next)}`]);
