// Mocha's spec reporter, and the counts of this run as one JSON line appended to TSBUILD_TEST_COUNTS,
// so that scripts/test.mjs can add up the runs as root and as an ordinary user.
const { appendFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    runner.on("pending", (test) => skipped.push(test.fullTitle()));
    runner.once("end", () => {
      const { passes, failures } = this.stats;
      const counts = { passed: passes, failed: failures, skipped };
      if (process.env.TSBUILD_TEST_COUNTS) {
        appendFileSync(process.env.TSBUILD_TEST_COUNTS, `${JSON.stringify(counts)}\n`);
      }
    });
  }
};
