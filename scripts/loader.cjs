"use strict";
// dist/tsbuild.cjs: runs the bundle from V8's code cache where that is from this very node, else
// from its text. The first lines are in words that every Node understands.
var node = process.versions.node.split(".").map(Number);
if (node[0] < 20 || (node[0] === 20 && node[1] < 19)) {
  process.stderr.write(
    "ERROR: Cannot start: Node " +
      process.versions.node +
      " is too old\n" +
      "hint: tsbuild needs Node 20.19 or newer: https://nodejs.org\n",
  );
  process.exit(1);
}
const { readFileSync, writeSync } = require("node:fs");
const { Script } = require("node:vm");

// A build that finds everything has no use for these parts of node, and each takes a millisecond to start.
const rarelyUsed = [
  "node:child_process",
  "node:fs/promises",
  "node:net",
  "node:tty",
  "node:worker_threads",
  "node:zlib",
];
// One that is only told again, of these neither.
const notRepeating = [...rarelyUsed, "node:crypto", "node:os"];

const words = process.argv.slice(2);
const isDone =
  words[0] === "version" && words.length === 1
    ? tellVersion()
    : run(`${__dirname}/repeat.cjs`, notRepeating).repeat(words);
if (!isDone) run(`${__dirname}/bundle.cjs`, rarelyUsed);

// Scripts ask for it again and again, and the bundle would take as long as node itself.
function tellVersion() {
  const { version } = JSON.parse(readFileSync(`${__dirname}/../package.json`, "utf8"));
  try {
    writeSync(1, `tsbuild ${version}\n`);
    return true;
  } catch {
    return false; // the bundle says why, or waits for the reader
  }
}

function run(filename, lazy) {
  const source = readFileSync(filename, "latin1");
  let cachedData;
  try {
    cachedData = readFileSync(`${filename}.cache`);
  } catch {
    // not compiled: slower, nothing else
  }
  const script = new Script(source, { filename, cachedData });
  const loaded = { exports: {} };
  const load = (id) => (lazy.includes(id) ? requireLazily(id) : require(id));
  script.runInThisContext()(loaded.exports, load, loaded, filename, __dirname);
  return loaded.exports;
}

// Starts a part of node at its first use.
function requireLazily(id) {
  return new Proxy(
    {},
    {
      get: (_, name) => require(id)[name],
      // a dynamic import copies everything
      ownKeys: () => Reflect.ownKeys(require(id)),
      getOwnPropertyDescriptor: (_, name) =>
        name in require(id)
          ? { value: require(id)[name], enumerable: true, configurable: true }
          : undefined,
    },
  );
}
