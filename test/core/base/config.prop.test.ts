import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lintConfig } from '../../../src/core/base/config-file.ts';
import { emptyConfig, keysOf, parseSetting, resolveSettings, settingKeys, settingTable, type ConfigFile, type SettingKey } from '../../../src/core/base/config.ts';
import { isError } from '../../../src/core/base/errors.ts';

/** A value of the right form for each setting. */
const valueOf = (key: SettingKey): fc.Arbitrary<string> => {
  const { value, ...definition } = settingTable[key];
  if ('values' in definition) return fc.constantFrom(...definition.values);
  if (value === 'SIZE') return fc.nat().map(String);
  if (value === 'DURATION') return fc.nat({ max: 1_000 }).map((n) => `${n}s`);
  if (value === 'URL') return fc.constant('https://n.example:1');
  if (value === 'NAME') return fc.constantFrom('a', 'prod', 'x-1');
  return fc.constantFrom('/a', '/b/c');
};

const entry = (place: 'context' | 'user') =>
  fc.subarray([...keysOf(place)]).chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, valueOf(key)]))) as fc.Arbitrary<Partial<Record<SettingKey, string>>>);

const config: fc.Arbitrary<ConfigFile> = fc
  .record({ contexts: fc.dictionary(fc.constantFrom('a', 'b', 'c'), entry('context')), settings: entry('user'), pick: fc.nat() })
  .map(({ contexts, settings, pick }) => {
    const selected = Object.keys(contexts)[pick % 4];
    return { v: 1 as const, contexts, settings, ...(selected === undefined ? {} : { selected }) };
  });

it('every well-formed configuration passes lint, survives JSON and resolves', () => {
  fc.assert(
    fc.property(config, (file) => {
      const { config: read, problems } = lintConfig(JSON.stringify(file));
      expect(problems).toEqual([]);
      expect(read).toEqual(file);
      const { values, origins } = resolveSettings({ flags: {}, env: {}, file: read, userHome: '/u', cwd: '/w' });
      for (const key of settingKeys) {
        const origin = origins[key];
        if (origin === undefined) expect(values[key]).toBeUndefined();
        else if (origin.from === 'user') expect(values[key]).toBe(parseSetting(key, file.settings[key]!, '/u'));
        else if (origin.from === 'context') expect(values[key]).toBe(parseSetting(key, file.contexts[origin.detail]![key]!, '/u'));
      }
    }),
  );
});

it('a flag always wins, and what is not said stronger comes from the next place', () => {
  fc.assert(
    fc.property(config, fc.constantFrom(...settingKeys), (file, key) => {
      const { flag } = settingTable[key] as { flag?: string };
      fc.pre(flag !== undefined && flag !== 'store');
      const [text] = fc.sample(valueOf(key), 1) as [string];
      const { origins } = resolveSettings({ flags: { [flag!]: text }, env: {}, file, userHome: '/u', cwd: '/w' });
      expect(origins[key]).toEqual({ from: 'flag', detail: `--${flag}` });
    }),
  );
});

it('any JSON is either accepted whole or has problems; nothing else is thrown', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      const { config: read, problems } = lintConfig(text);
      expect(problems.length > 0 ? read : emptyConfig).toEqual(emptyConfig);
    }),
  );
});

it('any text of a setting is either parsed or refused with E_USAGE that does not repeat it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...settingKeys), fc.string({ minLength: 6 }), (key, text) => {
      try {
        expect(['string', 'number']).toContain(typeof parseSetting(key, text, '/'));
      } catch (error) {
        expect(isError(error, 'E_USAGE')).toBe(true);
        const said = JSON.stringify((error as { details: unknown }).details);
        expect(said.includes(text) && !settingTable[key].description.includes(text) && !/^[\w :,|.-]+$/.test(text)).toBe(false);
      }
    }),
  );
});
