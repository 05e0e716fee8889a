/** How far a message has come with one recipient, and which word stands against which. */
/** `received`, `opened` and `refused` are what a recipient said, the others what the sender knows; `cancelled` is what he wants. */
export const recipientStates = ['unknown', 'announced', 'received', 'opened', 'refused', 'failed', 'lost', 'cancelled'] as const;
export type RecipientState = (typeof recipientStates)[number];

/**
 * What a recipient said stands against what is only known here; of what recipients say, the furthest stands, whatever came first: who has
 * opened a message has not refused it, and nobody un-opens one. A refusal says that no more will be told, and any word takes it back.
 */
const rank: Readonly<Record<RecipientState, number>> = { unknown: 0, failed: 0, lost: 0, cancelled: 0, announced: 1, refused: 2, received: 3, opened: 4 };

export const isPast = (state: RecipientState, known: RecipientState): boolean => rank[known] >= rank.refused && rank[state] <= rank[known];

interface Stated {
  readonly state: RecipientState;
  readonly times: { readonly [State in RecipientState]?: number };
  readonly code?: string | undefined;
}

/** What a recipient said has its first time; what is known here, its last. */
export const withState = <D extends Stated>(delivery: D, state: RecipientState, atMs: number, code: string | undefined): D => ({
  ...delivery,
  state,
  code,
  times: { ...delivery.times, [state]: rank[state] >= rank.refused ? (delivery.times[state] ?? atMs) : atMs },
});
