import { assert } from "chai";
import { join } from "node:path";
import { prepareBases } from "../../scripts/conformance/bases.js";
import { buildOnce } from "../../scripts/conformance/build-case.js";
import { readCases, type Case } from "../../scripts/conformance/case.js";
import { fault } from "../../scripts/conformance/check.js";
import { inParallel } from "../../scripts/conformance/in-parallel.js";
import { runBuildx } from "../../scripts/conformance/run-build.js";
import { accounts } from "./support/accounts.js";
import { program } from "./support/run.js";
import { describeForAccounts } from "./support/site.js";
import { makeDirectory, removeDirectory } from "./support/temporary.js";

const [first] = accounts;
if (first === undefined) throw new Error("nobody to build for");

describeForAccounts("conformance cases give what is recorded", (site) => {
  const { account } = site;
  const cases = account === first ? readCases() : casesForOthers();
  const faults = new Map<string, string | undefined>();

  before(async function () {
    this.timeout(900_000); // all that is built
    const directory = makeDirectory(first);
    const { images } = await prepareBases(directory);
    const env = { TSBUILD_ROOT: site.root, HOME: account.home };
    const { uid, gid } = account;
    const build = runBuildx.bind(undefined, { argv: [program, "build"], env, uid, gid });
    await inParallel(cases, async (item) => {
      const place = join(site.directory, item.name);
      const outcome = await buildOnce(item, { build }, { place, owner: account });
      faults.set(item.name, fault(item, outcome, images));
    });
    await removeDirectory(directory, first);
  });

  for (const { name, ids, title } of cases) {
    it(`${ids.join(" ")} ${title} (${name})`, () => {
      assert.isTrue(faults.has(name), "it was not built");
      const found = faults.get(name);
      if (found !== undefined) assert.fail(found);
    });
  }
});

/** Where it matters who builds: files are written, and steps run. */
function casesForOthers(): readonly Case[] {
  return readCases(["copy/", "run/"]).filter(({ root }) => root === undefined);
}
