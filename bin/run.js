#!/usr/bin/env node
/**
 * The installed command. On an old Node it starts itself again with the Node that npm brought, or says in one line why it cannot.
 * `--version` is answered before anything is loaded. The rest is dist/cli/main.cjs.
 * It does as little as it can: each module loaded here is paid by every command.
 */
'use strict';

var node = require('./node.js');

var RESTARTED = 'OMNIPLEX_RESTARTED';

function restart() {
  if (process.env[RESTARTED]) return node.refuse('the one that npm brought is ' + process.version);
  var found = node.bundledNode();
  if (found.why) return node.refuse(found.why);
  var env = Object.assign({}, process.env);
  env[RESTARTED] = '1';
  node.become(found.file, [__filename].concat(process.argv.slice(2)), env);
}

function asksVersion(argv) {
  return argv.indexOf('--version') !== -1 && argv.every(function (word) {
    return word[0] === '-' && word !== '--';
  });
}

function printVersion(argv) {
  var version = require('../package.json').version;
  var runtime = process.platform + '-' + process.arch + ' node-' + process.version;
  var text = 'omniplex/' + version + ' ' + runtime;
  if (argv.indexOf('--json') !== -1) {
    var result = { version: version, platform: process.platform, arch: process.arch, node: process.version };
    text = JSON.stringify({ schema: 'omniplex/version/1', ok: true, changed: false, result: result, warnings: [] });
  }
  try {
    require('fs').writeSync(1, text + '\n');
  } catch (error) {
    if (error.code === 'EPIPE') return;
    process.stderr.write('omniplex: stdout: ' + error.code + '\n');
    process.exitCode = 1;
  }
}

/**
 * Compiled code is kept in a folder of the user's own. Node's default is a folder in the shared temporary directory that anyone
 * may have made before us, and what is read from it is executed.
 */
function useCompileCache() {
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE) return;
  var home = process.env.HOME || process.env.USERPROFILE;
  var base = process.env.XDG_CACHE_HOME || (home && home + '/.cache');
  if (!base || !require('path').isAbsolute(base)) return;
  var fs = require('fs');
  var folder = base + '/omniplex/compiled';
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 448 });
    var facts = fs.lstatSync(folder);
    var owned = !process.getuid || (facts.uid === process.getuid() && (facts.mode & 18) === 0);
    if (facts.isDirectory() && owned) require('module').enableCompileCache(folder);
  } catch (error) {
    // No cache then: a read-only or missing home makes a command slower, not wrong.
  }
}

function main() {
  if (!node.isNewEnough(process.version)) return restart();
  delete process.env[RESTARTED];
  var argv = process.argv.slice(2);
  if (asksVersion(argv)) return printVersion(argv);
  useCompileCache();
  var cli;
  try {
    cli = require('../dist/cli/main.cjs');
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND' || String(error.message).indexOf('dist/cli/main.cjs') === -1) throw error;
    process.stderr.write('omniplex: it is not built yet: run npm run build\n');
    process.exitCode = 70;
    return;
  }
  cli.run(argv);
}

main();
