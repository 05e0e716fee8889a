/** Three operators on one store: bob sends, alice and carol know him, and he knows them. */
import { bytesOf } from '../../src/core/base/bytes.ts';
import { parseCid } from '../../src/core/base/cid.ts';
import { acknowledge } from '../../src/core/mail/acknowledge.ts';
import { bytesInput } from '../../src/core/mail/input.ts';
import type { SendRequest } from '../../src/core/mail/send-types.ts';
import { freshWorld, introduce, type Operator, type World } from './mail.ts';

export interface Trio {
  readonly world: World;
  readonly alice: Operator;
  readonly bob: Operator;
  readonly carol: Operator;
}

export async function trio(options: Parameters<World['operator']>[1] = {}): Promise<Trio> {
  const world = await freshWorld();
  const [alice, bob, carol] = [await world.operator('alice', options), await world.operator('bob', options), await world.operator('carol', options)];
  for (const one of [alice, carol]) {
    await introduce(one, bob);
    await introduce(bob, one);
  }
  return { world, alice, bob, carol };
}

export const hello = (more: Partial<SendRequest> = {}): SendRequest => ({ input: bytesInput(bytesOf('hello'), 'plan.txt'), to: ['alice', 'carol'], ...more });

export const ack = async ({ app }: Operator, cid: string): Promise<unknown> => acknowledge(await app.mail(), { cids: [parseCid(cid)] });
