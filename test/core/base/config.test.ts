import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/base/clock.ts';
import { changeConfig, lintConfig, readConfig } from '../../../src/core/base/config-file.ts';
import { configPath, emptyConfig, resolveSettings, type ConfigFile, type Sources } from '../../../src/core/base/config.ts';
import { parseAssignment, withContext, withContextChanged, withoutContext, withoutSetting, withSelected, withSetting } from '../../../src/core/base/contexts.ts';
import { freshFolder } from '../../support/folder.ts';

const sources = (more: Partial<Sources> = {}): Sources => ({ flags: {}, env: {}, file: emptyConfig, userHome: '/home/op', cwd: '/work', ...more });
const file: ConfigFile = {
  v: 1,
  selected: 'prod',
  contexts: { prod: { home: '/srv/op', store: '/srv/store', as: 'ops', durability: 'cold', env: 'prod' }, node: { node: 'https://omni.example:8443' } },
  settings: { home: '/user/home', durability: 'accepted', receipts: 'always' },
};
const refusal = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('precedence', () => {
  it('is flag, environment, context, user, default', () => {
    const home = (more: Partial<Sources>) => {
      const { values, origins } = resolveSettings(sources(more));
      return [values.home, origins.home?.from];
    };
    const env = { OMNIPLEX_HOME: '/env/home' };
    expect(home({})).toEqual(['/home/op/.local/share/omniplex', 'default']);
    expect(home({ file: { ...file, selected: 'node' } })).toEqual(['/user/home', 'user']);
    expect(home({ file })).toEqual(['/srv/op', 'context']);
    expect(home({ file, env })).toEqual(['/env/home', 'environment']);
    expect(home({ file, env, flags: { home: '/flag/home' } })).toEqual(['/flag/home', 'flag']);
  });

  it('lets a context that is named by a flag go before the environment', () => {
    const { values, origins, context } = resolveSettings(sources({ file, env: { OMNIPLEX_HOME: '/env/home' }, flags: { context: 'prod' } }));
    expect([values.home, origins.home, context?.by.detail]).toEqual(['/srv/op', { from: 'context', detail: 'prod' }, '--context']);
    const byEnvironment = resolveSettings(sources({ file, env: { OMNIPLEX_HOME: '/env/home', OMNIPLEX_CONTEXT: 'prod' } }));
    expect(byEnvironment.values.home).toBe('/env/home');
  });

  it('takes the context from the flag, the environment, the selection, and none under --no-context', () => {
    const name = (more: Partial<Sources>) => resolveSettings(sources({ file, ...more })).context?.name;
    expect(name({})).toBe('prod');
    expect(name({ env: { OMNIPLEX_CONTEXT: 'node' } })).toBe('node');
    expect(name({ env: { OMNIPLEX_CONTEXT: '' } })).toBe('prod');
    expect(name({ env: { OMNIPLEX_CONTEXT: 'prod' }, flags: { context: 'node' } })).toBe('node');
    expect(name({ env: { OMNIPLEX_CONTEXT: 'node' }, flags: { 'no-context': '' } })).toBe(undefined);
    expect(refusal(() => name({ flags: { context: 'nowhere' } }))).toBe('E_NAME_UNKNOWN');
    expect(refusal(() => name({ flags: { context: 'constructor' } }))).toBe('E_NAME_UNKNOWN');
  });

  it('gives a node or a store, whichever was said more strongly', () => {
    const place = (more: Partial<Sources>) => {
      const { values } = resolveSettings(sources({ file, ...more }));
      return [values.store, values.node];
    };
    expect(place({ flags: { context: 'node' } })).toEqual([undefined, 'https://omni.example:8443']);
    expect(place({ flags: { context: 'node', store: '/other' } })).toEqual(['/other', undefined]);
    expect(place({})).toEqual(['/srv/store', undefined]);
  });

  it('resolves relative paths of flags against the working folder, and XDG folders only when absolute', () => {
    expect(resolveSettings(sources({ flags: { home: 'h' } })).values.home).toBe('/work/h');
    expect(resolveSettings(sources({ env: { XDG_DATA_HOME: '/data' } })).values.store).toBe('/data/omniplex-store');
    expect(resolveSettings(sources({ env: { XDG_DATA_HOME: 'data' } })).values.store).toBe('/home/op/.local/share/omniplex-store');
    expect(configPath({ XDG_CONFIG_HOME: '/c' }, '/home/op')).toBe('/c/omniplex/config.json');
    expect(configPath({}, '/home/op')).toBe('/home/op/.config/omniplex/config.json');
  });

  it('parses what it gives, and blames the place of what is wrong', () => {
    const { values } = resolveSettings(sources({ file: { ...file, settings: { 'hot.budget': '20GiB', 'lock.wait': '1m' } } }));
    expect([values['hot.budget'], values['lock.wait'], values.padding]).toEqual([20 * 1024 ** 3, 60_000, 'padme']);
    expect(refusal(() => resolveSettings(sources({ file: { ...file, settings: { 'hot.budget': 'much' } } })))).toBe('E_CONFIG');
    expect(refusal(() => resolveSettings(sources({ flags: { durability: 'eternal' } })))).toBe('E_USAGE');
    expect(refusal(() => resolveSettings(sources({ env: { OMNIPLEX_STORE: 'redis://user:pass@host' } })))).toBe('E_USAGE');
  });
});

describe('changes', () => {
  it('set and remove settings', () => {
    const set = withSetting(emptyConfig, parseAssignment('receipts=never'), '/work');
    expect(set.settings).toEqual({ receipts: 'never' });
    expect(withSetting(emptyConfig, parseAssignment('home=h'), '/work').settings).toEqual({ home: '/work/h' });
    expect(withoutSetting(set, 'receipts').settings).toEqual({});
    for (const bad of ['recipts=never', 'receipts=sometimes', 'env=prod', '__proto__=x', 'constructor=x', 'hot.budget=-1']) {
      expect(refusal(() => withSetting(emptyConfig, parseAssignment(bad), '/work'))).toBe('E_USAGE');
    }
    for (const bad of ['receipts', '=x', '']) expect(refusal(() => parseAssignment(bad))).toBe('E_USAGE');
  });

  it('create, change, select and remove contexts', () => {
    const one = withContext(emptyConfig, 'a', [{ key: 'home', value: '/h' }], '/work');
    expect(withContext(one, 'a', [{ key: 'home', value: '/h' }], '/work')).toBe(one);
    expect(refusal(() => withContext(one, 'a', [{ key: 'home', value: '/other' }], '/work'))).toBe('E_NAME_TAKEN');
    const two = withContext(one, 'b', [{ key: 'node', value: 'https://n' }], '/work');
    expect(withContextChanged(two, 'b', [{ key: 'store', value: 's' }], '/work').contexts['b']).toEqual({ store: '/work/s' });
    expect(withContextChanged(two, 'a', [{ key: 'home', value: '' }], '/work').contexts['a']).toEqual({});
    const selected = withSelected(withSelected(two, 'a'), 'b');
    expect(withSelected(selected, '-').selected).toBe('a');
    expect(withSelected(selected, 'b')).toBe(selected);
    expect(refusal(() => withSelected(two, '-'))).toBe('E_NAME_UNKNOWN');
    expect(refusal(() => withSelected(two, 'toString'))).toBe('E_NAME_UNKNOWN');
    expect(withoutContext(selected, 'b')).toEqual({ v: 1, contexts: { a: { home: '/h' } }, settings: {}, previous: 'a' });
    expect(refusal(() => withoutContext(two, 'c'))).toBe('E_NAME_UNKNOWN');
  });
});

describe('lint', () => {
  const at = (value: unknown) => lintConfig(typeof value === 'string' ? value : JSON.stringify(value)).problems.map((problem) => problem.at);
  it('finds every problem, and only problems', () => {
    expect(at(file)).toEqual([]);
    expect(at({ v: 1 })).toEqual([]);
    expect(at({ v: 1, setings: {}, settings: { recipts: 'x', color: 'blue', 'hot.budget': 5 }, contexts: { 'a b': {}, c: { env: 'prod', padding: 'none' } }, selected: 'z' })).toEqual([
      'setings', 'contexts.a?b', 'contexts.c.padding', 'settings.recipts', 'settings.color', 'settings.hot.budget', 'selected',
    ]);
    for (const text of ['', '{', '[]', 'null', '5', '{"v":1,"__proto__":{}}']) expect(at(text)).toEqual(['']);
    expect(at({ v: 2 })).toEqual(['v']);
    expect(at({})).toEqual(['v']);
    expect(at({ v: 1, contexts: [], settings: 'x', previous: 3 })).toEqual(['contexts', 'settings', 'previous']);
  });

  it('repeats no value', () => {
    const { problems } = lintConfig(JSON.stringify({ v: 1, settings: { color: 'CANARY', 'passphrase-file': 'ok' }, contexts: { x: { node: 'https://u:CANARY@h' } } }));
    expect(problems.length).toBe(2);
    expect(JSON.stringify(problems)).not.toContain('CANARY');
  });
});

describe('the file', () => {
  it('is empty where there is none, private, and written only when something changed', async () => {
    const path = join(await freshFolder(), 'deep', 'config.json');
    expect(await readConfig(path)).toEqual(emptyConfig);
    expect((await changeConfig(path, systemClock, (config) => config)).changed).toBe(false);
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await changeConfig(path, systemClock, (config) => ({ ...config, settings: { receipts: 'never' } }))).changed).toBe(true);
    expect([(await stat(path)).mode & 0o777, (await stat(join(path, '..'))).mode & 0o777]).toEqual([0o600, 0o700]);
    expect((await readConfig(path)).settings).toEqual({ receipts: 'never' });
    expect(await readdir(join(path, '..'))).toEqual(['config.json']);
  });

  it('is refused whole when it is damaged or others may write it, and stays as it was', async () => {
    const path = join(await freshFolder(), 'config.json');
    await writeFile(path, '{"v":1,"settings":{"recipts":"x"}}', { mode: 0o600 });
    await expect(readConfig(path)).rejects.toMatchObject({ code: 'E_CONFIG', hint: expect.stringContaining(`config lint ${path}`) as unknown });
    await expect(changeConfig(path, systemClock, () => emptyConfig)).rejects.toMatchObject({ code: 'E_CONFIG' });
    expect(await readFile(path, 'utf8')).toContain('recipts');
    await writeFile(path, '{"v":1}');
    await chmod(path, 0o666);
    await expect(readConfig(path)).rejects.toMatchObject({ code: 'E_CONFIG', hint: expect.stringContaining('chmod 600') as unknown });
  });

  it('loses no change of several writers at once', async () => {
    const path = join(await freshFolder(), 'config.json');
    const names = Array.from({ length: 12 }, (_, n) => `c${n}`);
    await Promise.all(names.map((name) => changeConfig(path, systemClock, (config) => withContext(config, name, [], '/'))));
    expect(Object.keys((await readConfig(path)).contexts).sort()).toEqual([...names].sort());
  });

  it('takes over the lock of a process that is gone, and waits for one that lives', async () => {
    const path = join(await freshFolder(), 'config.json');
    await writeFile(`${path}.lock`, '999999999\n');
    expect((await changeConfig(path, systemClock, (config) => withContext(config, 'a', [], '/'))).changed).toBe(true);
    await writeFile(`${path}.lock`, `${process.pid}\n`);
    await expect(changeConfig(path, systemClock, (config) => config)).rejects.toMatchObject({ code: 'E_BUSY' });
  });

  it('stays behind its symbolic link', async () => {
    const folder = await freshFolder();
    await mkdir(join(folder, 'dotfiles'));
    await writeFile(join(folder, 'dotfiles', 'omniplex.json'), '{"v":1}', { mode: 0o600 });
    await symlink(join(folder, 'dotfiles', 'omniplex.json'), join(folder, 'config.json'));
    await changeConfig(join(folder, 'config.json'), systemClock, (config) => withContext(config, 'a', [], '/'));
    expect(await readFile(join(folder, 'dotfiles', 'omniplex.json'), 'utf8')).toContain('"a"');
  });
});
