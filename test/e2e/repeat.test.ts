import { assert } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Result } from "./support/run.js";
import { describeForAccounts, type Site } from "./support/site.js";

const files = {
  Dockerfile: `FROM busybox
WORKDIR /app
COPY src src
RUN cat src/* >all
CMD ["cat", "all"]`,
  "src/a": "a\n",
};

const nothing = { stderr: "", stdout: "" };

/** Without what is different each time. */
function timeless(text: string): string {
  return text.replaceAll(/\d+\.\ds/g, "0.0s");
}

/** Whether the last build was told again rather than built: only those were never at work. */
function isRepeated(site: Site): boolean {
  const builds = join(site.root, "builds");
  const [last = ""] = readdirSync(builds)
    .filter((name) => name.endsWith(".jsonl"))
    .sort()
    .reverse();
  const [head = ""] = readFileSync(join(builds, last), "utf8").split("\n");
  return (JSON.parse(head) as { build: { work: string } }).build.work === "none";
}

describeForAccounts(
  "a build of which nothing changed",
  (site) => {
    /** Builds until that is told again; answers what it said then, and the last time before. */
    async function repeated(argv: readonly string[]): Promise<readonly Result[]> {
      const results: Result[] = [];
      for (let turns = 0; turns < 5; turns++) {
        results.push(await site.ok(argv));
        if (isRepeated(site)) return results.slice(-2).reverse();
        await setTimeout(50); // what it goes by has to be older than the clock is coarse
      }
      return assert.fail("it is never told again");
    }

    it("is told again, and is a build like others", async () => {
      const context = site.context(files);
      const argv = ["--progress=plain", "-t", "again", context];
      const [{ stderr, stdout } = nothing, before = nothing] = await repeated(argv);
      assert.strictEqual(timeless(stderr), timeless(before.stderr));
      assert.match(stderr, /RUN cat src\/\* >all\n#\d+ CACHED\n[^]*3 steps cached, 0 run/);
      assert.isEmpty(stdout);
      const builds = await site.ok(["history", "builds", "--format={{.Status}} {{.Steps}}"]);
      const [last, earlier] = builds.stdout.split("\n");
      assert.strictEqual(last, earlier);
      assert.match(last ?? "", /^Completed 3/);
      assert.match((await site.ok(["explain", "RUN"])).stdout, /cached/);
      assert.strictEqual((await site.ok(["run", "--rm", "again"])).stdout, "a\n");
    });

    it("says the id of its image with -q, and draws on no terminal", async () => {
      const argv = ["-q", "-t", "again", site.context(files)];
      const [{ stdout, stderr } = nothing] = await repeated(argv);
      const { stdout: id } = await site.ok(["inspect", "--format={{.Id}}", "again"]);
      assert.deepStrictEqual([stdout, stderr], [id, ""]);
    });

    it("is built when anything is another", async () => {
      const context = site.context(files);
      const argv = ["-t", "again", context];
      const changes: readonly (() => unknown)[] = [
        () => {
          site.write(context, { "src/a": "b\n" });
        },
        () => {
          site.write(context, { "src/b": "c\n" });
        },
        () => site.ok(["tag", "busybox", "again"]),
      ];
      const results = ["b\n", "b\nc\n", "b\nc\n"];
      for (const [i, change] of changes.entries()) {
        await repeated(argv);
        await change();
        await site.ok(argv);
        assert.isFalse(isRepeated(site), `after change ${i}`);
        assert.strictEqual((await site.ok(["run", "--rm", "again"])).stdout, results[i]);
      }
    });

    it("is forgotten with all that is not needed", async () => {
      const isNote = (name: string): boolean => name.endsWith(".repeat");
      const index = join(site.root, "index");
      await repeated(["-t", "again", site.context(files)]);
      assert.isTrue(readdirSync(index).some(isNote));
      await site.ok(["prune", "-a", "-f"]);
      assert.isFalse(readdirSync(index).some(isNote));
    });
  },
  { own: true },
);
