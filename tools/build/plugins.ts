/**
 * The esbuild plugins of the build. Each rewrites source text, and each throws when it finds nothing to rewrite, so that an update
 * of a dependency cannot switch it off unnoticed.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import type { Plugin } from 'esbuild';

const REQUIRE = /^(?:const|var|let) (\w+) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/gm;

/**
 * A CommonJS module of @oclif/core whose requires run at first use. `x_1.y` becomes `(x_1()).y`, which also stands after `new`; a
 * binding that is used in any other way is left alone.
 */
export function lazyRequires(text: string): { text: string; count: number } {
  let count = 0;
  let out = text;
  for (const [line, name, expression] of text.matchAll(REQUIRE)) {
    if (name === undefined || expression === undefined) continue;
    const all = text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
    const members = text.match(new RegExp(`\\b${name}\\.`, 'g'))?.length ?? 0;
    if (all !== members + 1) continue;
    count += 1;
    out = out.replace(line, '').replaceAll(new RegExp(`\\b${name}\\.`, 'g'), `(${name}()).`);
    // A function declaration is hoisted, so that a use above it works as it did with the re-exports' getters.
    out += `\nfunction ${name}() { return ${name}.module ??= ${expression}; }`;
  }
  return { text: out, count };
}

/**
 * @oclif/core loads its help, plugin and template modules before the first command runs. Measured: this plugin halves what oclif
 * adds to start-up. `localeCompare` boots ICU (6 to 8 ms) to sort identifiers; `debug` would print argv under DEBUG=*.
 */
export function lazyOclif(): Plugin {
  return {
    name: 'lazy-oclif',
    setup(build) {
      let rewritten = 0;
      build.onResolve({ filter: /^debug$/ }, ({ importer }) =>
        importer.includes('@oclif') ? { path: 'silent', namespace: 'debug' } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'debug' }, () => ({ contents: 'module.exports = () => () => {};', loader: 'js' }));
      build.onLoad({ filter: /@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, ({ path }) => {
        const { text, count } = lazyRequires(readFileSync(path, 'utf8'));
        rewritten += count;
        const contents = text.replaceAll(/(\w+(?:\.\w+)*)\.localeCompare\((\w+(?:\.\w+)*)\)/g, '($1 < $2 ? -1 : $1 > $2 ? 1 : 0)');
        if (contents.includes('localeCompare')) throw new Error(`${path}: localeCompare in a form that the build does not know`);
        return { contents, loader: 'js' };
      });
      build.onEnd(() => {
        if (rewritten < 20) throw new Error(`lazy-oclif rewrote ${rewritten} requires of @oclif/core; it was updated, look at tools/build/plugins.ts`);
      });
    },
  };
}

/**
 * Node's own modules are loaded at first use as well: node:crypto alone takes 4 ms, and a file that imports it for one function is
 * imported by nearly every command. Works on the bundle, where esbuild gives each import a name of its own.
 */
export function lazyBuiltins(bundle: string): { text: string; count: number } {
  let count = 0;
  const imports = [...bundle.matchAll(/\b(import_\w+)=require\(("node:[\w/]+")\)/g)];
  const uses = new Map<string, { all: number; members: number }>();
  for (const [, name = '', dot] of bundle.matchAll(/\b(import_\w+)\b(\.)?/g)) {
    const { all, members } = uses.get(name) ?? { all: 0, members: 0 };
    uses.set(name, { all: all + 1, members: members + (dot === undefined ? 0 : 1) });
  }
  const lazy = new Set<string>();
  for (const [, name = ''] of imports) {
    const { all = 0, members = 0 } = uses.get(name) ?? {};
    // Besides its uses there is the assignment, and a declaration where it was hoisted out of a lazy module.
    if (members > 0 && all - members <= 2) lazy.add(name);
  }
  const text = bundle.replaceAll(/\b(import_\w+)(=require\(("node:[\w/]+")\)|\.)/g, (whole, name: string, rest: string, module: string | undefined) => {
    if (!lazy.has(name)) return whole;
    if (rest === '.') return `(${name}()).`;
    count += 1;
    return `${name}=__lazy(${module})`;
  });
  return { text: `const __lazy=(name)=>{let module;return()=>module??=require(name)};${text}`, count };
}

const WORKER_URL = /new URL\('(\.{1,2}\/[^']*[.-]worker)\.ts', import\.meta\.url\)/g;

/** Where a worker lies, seen from dist/cli and dist/lib alike. */
const builtWorker = (source: string): string => `../workers/${basename(source)}.js`;

/**
 * `new URL('./seal-worker.ts', import.meta.url)` in a source names the worker's own bundle under dist/workers once built. The
 * sources of the workers met are put into `found`; two with the same file name are an error.
 */
export function workerUrls(root: string, found: Set<string>): Plugin {
  return {
    name: 'worker-urls',
    setup(build) {
      build.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (!WORKER_URL.test(text)) return undefined;
        const contents = text.replaceAll(WORKER_URL, (_, source: string) => {
          const file = `${resolve(dirname(path), source)}.ts`;
          const twin = [...found].find((other) => other !== file && basename(other) === basename(file));
          if (twin !== undefined) throw new Error(`two workers are named ${basename(file)}: ${relative(root, twin)}, ${relative(root, file)}`);
          found.add(file);
          return `new URL('${builtWorker(source)}', import.meta.url)`;
        });
        return { contents, loader: 'ts' };
      });
    },
  };
}
