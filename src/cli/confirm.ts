/**
 * Confirmation of what destroys. One flag answers every question: `--confirm NAME`, where NAME is the object's name or the planId of
 * a bulk act, in every context; and the context's name for what asks nothing elsewhere, where its env is prod. A wrong, declined or missing
 * confirmation is exit 9.
 */
import { fail } from '../core/base/errors.ts';
import type { Session } from './session.ts';

export interface Confirmation {
  /** What is about to happen, a verb first, as the end of a question: `remove identity "alice"`. */
  readonly what: string;
  /** What to type: the object's name, or the planId. Without one only a context with env prod asks, for its own name. */
  readonly name?: string;
  /** The name is a planId: another one given means that the plan has changed meanwhile. */
  readonly plan?: boolean;
  /** Even at a terminal the name must be typed; yes or no is too easy. */
  readonly severe?: boolean;
}

export async function confirm(session: Session, { what, name, plan = false, severe = false }: Confirmation): Promise<void> {
  const { values, context } = await session.settings();
  const production = values.env === 'prod' ? context?.name : undefined;
  const expected = name ?? production;
  if (expected === undefined) return;
  const given = session.flag('confirm');
  if (given !== undefined) {
    if (given === expected) return;
    throw plan ? fail('E_PLAN_CHANGED', { planId: expected, confirmed: given }) : fail('E_DECLINED', { what, confirm: expected });
  }
  if (!session.mayAsk) throw fail('E_DECLINED', { what, confirm: expected });
  const prompts = await session.prompts();
  const flag = `--confirm ${expected}`;
  const agreed =
    severe || production !== undefined
      ? (await prompts.text({ question: `To ${what}, type ${production === undefined ? expected : `the name ${expected}`}`, flag })) === expected
      : await prompts.yesNo({ question: `Really ${what}?`, flag });
  if (!agreed) throw fail('E_DECLINED', { what, confirm: expected });
}
