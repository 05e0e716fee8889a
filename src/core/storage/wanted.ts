import type { MessageRecord } from './ports.ts';

/** It is there, and nobody removed it. */
export const isWanted = (record: MessageRecord | undefined): record is MessageRecord => record !== undefined && !record.removed;
