// Loaded before the program, in words that every Node understands.
var version = process.versions.node.split(".").map(Number);
if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
  process.stderr.write(
    "ERROR: Cannot start: Node " +
      process.versions.node +
      " is too old\n" +
      "hint: tsbuild needs Node 20.19 or newer: https://nodejs.org\n",
  );
  process.exit(1);
}
