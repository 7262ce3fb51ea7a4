"use strict";
// dist/tsbuild.cjs: runs the bundle from V8's code cache where that is from this very node, else
// from its text.
const { readFileSync } = require("node:fs");
const { wrap } = require("node:module");
const { Script } = require("node:vm");

const filename = `${__dirname}/bundle.cjs`;
const source = wrap(readFileSync(filename, "latin1"));
let cachedData;
try {
  cachedData = readFileSync(`${filename}.cache`);
} catch {
  // not compiled: slower, nothing else
}
const script = new Script(source, { filename, cachedData });
script.runInThisContext()(exports, require, module, filename, __dirname);
