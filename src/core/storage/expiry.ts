import type { MessageRecord } from './ports.ts';

export const isExpired = ({ expiresAtMs }: Pick<MessageRecord, 'expiresAtMs'>, nowMs: number): boolean => expiresAtMs !== 0 && expiresAtMs <= nowMs;
