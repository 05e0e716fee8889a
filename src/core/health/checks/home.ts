/** The home itself: is every page of its database sound? Damage is thrown, and a finding. */
import type { Examined, Subject } from '../check.ts';

export const homeCheck: Subject = {
  name: 'home',
  examine: async ({ home }): Promise<Examined> => {
    (await home()).check();
    return { metrics: [], summary: 'every page of its database is sound' };
  },
};
