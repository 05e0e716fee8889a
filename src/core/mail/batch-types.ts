/** What `send --batch` is asked and what it answers. */
import type { ErrorCode } from '../base/errors.ts';
import type { PlainInput } from './input.ts';
import type { SendOptions } from './send-types.ts';

export interface BatchRequest extends SendOptions {
  /** NDJSON, see batch-list.ts. */
  readonly list: PlainInput;
  /** Added to every line's own recipients. */
  readonly to?: readonly string[] | undefined;
  /** Relative `file`s are looked for here. */
  readonly folder: string;
  /** Each line's answer, in the order of the list. Awaited: a slow writer slows the batch. */
  readonly onItem?: ((item: BatchItem) => void | Promise<void>) | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface BatchItem {
  readonly line: number;
  readonly ok: boolean;
  readonly changed: boolean;
  readonly cid?: string;
  readonly id?: string;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** A line of the list with what is wrong with it. */
export interface LineFailure {
  readonly line: number;
  readonly id?: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface BatchResult {
  readonly total: number;
  /** Sent by this run. */
  readonly sent: number;
  /** Their ids had their effect before. */
  readonly repeated: number;
  readonly failed: number;
  readonly reasons: Readonly<Partial<Record<ErrorCode, number>>>;
  /** The lines that were tried and have an error, in their order; as many as LIMITS lets an answer name. `onItem` is told all. */
  readonly failures: readonly LineFailure[];
  /** The lines after the one that ended the run. */
  readonly untried?: { readonly count: number; readonly first: number; readonly last: number; readonly code: ErrorCode };
}
