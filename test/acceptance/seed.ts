/** Which trials: the same seed makes the same ones again. */
export const SEED = Number(process.env['OMNIPLEX_SEED'] ?? 1);
