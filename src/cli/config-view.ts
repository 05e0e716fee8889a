/** Settings and contexts as rows of an answer. */
import { definitionOf, settingKeys, type ContextEntry, type Origin, type Resolved, type SettingKey } from '../core/base/config.ts';
import { exactDuration } from '../core/base/duration.ts';
import { exactSize } from '../core/base/size.ts';
import { boolean, either, integer, nullable, object, record, string } from './schema.ts';
import type { Infer } from './schema.ts';

export const settingRow = object({
  key: string(),
  value: nullable(either(string(), integer('bytes or ms'))),
  origin: nullable(string('--home, OMNIPLEX_HOME, context prod, user, default')),
});

/** As `config set` takes it. */
export function settingText({ key, value }: Infer<typeof settingRow>): string {
  if (typeof value !== 'number') return value ?? '-';
  return definitionOf(key as SettingKey).value === 'SIZE' ? exactSize(value) : exactDuration(value);
}

const originText = ({ from, detail }: Origin): string => (from === 'context' ? `context ${detail}` : detail || from);

export const configRows = ({ values, origins }: Resolved): readonly Infer<typeof settingRow>[] =>
  settingKeys.map((key) => {
    const origin = origins[key];
    return { key, value: values[key] ?? null, origin: origin === undefined ? null : originText(origin) };
  });

export const contextRow = object({
  name: string(),
  selected: boolean(),
  settings: record(string(), 'as in the file: home, store or node, as, durability, policy, env, token-file'),
});

export const contextRowOf = (name: string, settings: ContextEntry, selected: string | undefined): Infer<typeof contextRow> => ({
  name,
  selected: name === selected,
  settings: settings as Readonly<Record<string, string>>,
});
