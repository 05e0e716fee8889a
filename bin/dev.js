#!/usr/bin/env node
/** The command line from the TypeScript sources, without a build: `node bin/dev.js send --help`. Not part of the package. */
'use strict';

var node = require('./node.js');

if (node.isNewEnough(process.version)) {
  require('../tools/dev.ts').run(process.argv.slice(2));
} else {
  var found = node.bundledNode();
  if (found.why) node.refuse(found.why);
  else node.become(found.file, [__filename].concat(process.argv.slice(2)), process.env);
}
