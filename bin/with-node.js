#!/usr/bin/env node
/**
 * Runs a script with Node 26 or newer whatever `node` is first on PATH: `node bin/with-node.js SCRIPT [ARG..]`.
 * Every npm script starts through it. The chosen Node is put first on PATH, so that what the script starts uses it as well.
 * Exit code 70 and one line when there is none; never another Node.
 */
'use strict';

var path = require('path');
var node = require('./node.js');

/** The version that `file` says it has, or '' when it does not start. */
function versionOf(file) {
  var asked = require('child_process').spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 20000 });
  return asked.status === 0 ? asked.stdout.trim() : '';
}

function main() {
  var found = node.bundledNode();
  var version = found.file ? versionOf(found.file) : '';
  var file = found.file;
  if (!node.isNewEnough(version)) {
    if (!node.isNewEnough(process.version)) {
      return node.refuse(found.why || 'the one that npm brought (' + file + ') ' + (version ? 'is ' + version : 'does not run here'));
    }
    file = process.execPath;
  }
  var env = Object.assign({}, process.env);
  var key = Object.keys(env).filter(function (name) {
    return name.toUpperCase() === 'PATH';
  })[0] || 'PATH';
  env[key] = path.dirname(file) + path.delimiter + (env[key] || '');
  node.become(file, process.argv.slice(2), env);
}

main();
