/** One page of a list that is held whole, for lists that are short. Its cursor is a key that no two items share, so it stays good when items come and go. */
import type { Filter, FilterFields, FilterRecord } from './filter.ts';
import { limits } from './limits.ts';

export interface PageQuery<Fields extends FilterFields> {
  readonly where?: Filter<Fields> | undefined;
  /** `next` of an earlier page: only what stands behind it. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly nowMs: number;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

export interface Listed<Item, Fields extends FilterFields> {
  keyOf(item: Item): string;
  fieldsOf(item: Item, nowMs: number): FilterRecord<Fields>;
  /** From the greatest key to the least. */
  readonly descending?: boolean;
}

/** In the order of the keys, as text is compared; a database may have another order for rare letters. */
export function pageOf<Item, Fields extends FilterFields>(
  all: readonly Item[],
  { keyOf, fieldsOf, descending = false }: Listed<Item, Fields>,
  { where, after, limit = limits.pageItemsMax, nowMs }: PageQuery<Fields>,
): Page<Item> {
  const isBehind = (a: string, b: string): boolean => (descending ? a < b : a > b);
  const rest = all
    .filter((item) => (after === undefined || isBehind(keyOf(item), after)) && (where?.matches(fieldsOf(item, nowMs), nowMs) ?? true))
    .toSorted((a, b) => (isBehind(keyOf(a), keyOf(b)) ? 1 : -1));
  const items = rest.slice(0, limit);
  return { items, next: rest.length > items.length ? items.map(keyOf).at(-1) : undefined };
}
