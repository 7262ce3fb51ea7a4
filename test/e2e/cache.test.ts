import { assert } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stepsOf } from "./support/build-log.js";
import { inspect, layersOf } from "./support/inspect.js";
import { describeForAccounts, type Site } from "./support/site.js";

async function idOf(site: Site, image: string): Promise<string> {
  return (await inspect(site, image)).Id;
}

describeForAccounts("the cache", (site) => {
  const app = {
    Dockerfile: `FROM busybox
COPY deps /app/
RUN md5sum /app/deps >/app/installed
COPY src /app/src
RUN cat /app/src/* >/app/bundle`,
    deps: "one\n",
    "src/a": "a\n",
    "src/b": "b\n",
  };

  it("has everything of a build that nothing changed for, to the same image id", async () => {
    const context = site.context(app);
    await site.ok(["-t", "app", context]);
    const first = await idOf(site, "app");
    // the second context has other times, and is elsewhere
    for (const place of [context, site.context(app)]) {
      const steps = await stepsOf(site, ["-t", "app", place]);
      assert.deepStrictEqual(new Set(Object.values(steps)), new Set(["cached"]));
      assert.strictEqual(await idOf(site, "app"), first);
    }
  });

  it("C19 builds again what depends on a changed file, and nothing else", async () => {
    const context = site.context(app);
    await site.ok(["-t", "app", context]);
    site.write(context, { "src/b": "changed\n" });
    assert.deepStrictEqual(await stepsOf(site, ["-t", "app", context]), {
      "COPY deps /app/": "cached",
      "RUN md5sum /app/deps >/app/installed": "cached",
      "COPY src /app/src": "done",
      "RUN cat /app/src/* >/app/bundle": "done",
    });
    assert.strictEqual(await site.look("app", "cat /app/bundle"), "a\nchanged\n");
  });

  it("sees a file that is replaced by one of the same size and time", async () => {
    const context = site.context({ Dockerfile: "FROM busybox\nCOPY f /", f: "aaaa" });
    await site.ok(["-t", "same", context]);
    site.write(context, { f: "bbbb" });
    await site.ok(["-t", "same", context]);
    assert.strictEqual(await site.look("same", "cat /f"), "bbbb");
  });

  it("says why a step is built again", async () => {
    const context = site.context({ Dockerfile: "FROM busybox\nCOPY f /\nRUN cat /f", f: "1" });
    await site.ok([context]);
    site.write(context, { f: "2" });
    const { stderr } = await site.ok(["--progress=plain", context]);
    assert.match(stderr, /not cached: parent changed at \w+/);
    assert.include(stderr, "not cached: f changed");
  });

  it("finds the steps below a RUN that writes the same again", async () => {
    const dockerfile = (comment: string): string => `FROM busybox
COPY version /version
RUN cut -c1 /version >/major && rm /version${comment}
RUN cat /major >/final`;
    const context = site.context({ Dockerfile: dockerfile(""), version: "1.0\n" });
    await site.ok(["-t", "cut", context]);
    const layers = await layersOf(site, "cut");
    // a comment in the command changes the step, and nothing of what it leaves
    site.write(context, { Dockerfile: dockerfile(" # again") });
    assert.deepStrictEqual(await stepsOf(site, ["-t", "cut", context]), {
      "COPY version /version": "cached",
      "RUN cut -c1 /version >/major && rm /version # again": "done",
      "RUN cat /major >/final": "cached",
    });
    assert.deepStrictEqual(await layersOf(site, "cut"), layers);
  });

  it("keeps a COPY layer when the base is another one", async () => {
    const base = (text: string): string =>
      site.context({ Dockerfile: `FROM busybox\nRUN echo ${text} >/base` });
    const context = site.context({
      Dockerfile: "FROM based\nCOPY site /srv/",
      "site/index.html": "<p>\n",
    });
    await site.ok(["-t", "based", base("old")]);
    await site.ok(["-t", "site", context]);
    const old = await layersOf(site, "site");
    await site.ok(["-t", "based", base("new")]);
    const steps = await stepsOf(site, ["-t", "site", context]);
    assert.deepStrictEqual(steps, { "COPY site /srv/": "cached" });
    const now = await layersOf(site, "site");
    assert.notDeepEqual(now, old);
    assert.strictEqual(now.at(-1), old.at(-1));
    assert.strictEqual(await site.look("site", "cat /base /srv/index.html"), "new\n<p>\n");
  });

  it("misses below an ARG when its value changes, and not above", async () => {
    const context = site.context({
      Dockerfile: `FROM busybox
RUN echo above >/above
ARG MODE=debug
RUN echo $MODE >/mode`,
    });
    await site.ok([context]);
    const release = ["--build-arg", "MODE=release", "-t", "mode", context];
    assert.deepStrictEqual(await stepsOf(site, release), {
      "RUN echo above >/above": "cached",
      "RUN echo release >/mode": "done",
    });
    assert.strictEqual(await site.look("mode", "cat /mode"), "release\n");
    assert.deepStrictEqual(await stepsOf(site, [context]), {
      "RUN echo above >/above": "cached",
      "RUN echo debug >/mode": "cached",
    });
  });

  it("K07 runs a step again with another --ulimit or --shm-size, and says so", async () => {
    const context = site.context({ Dockerfile: "FROM busybox\nRUN ulimit -n >/files" });
    for (const flags of [[], ["--ulimit", "nofile=64"], ["--ulimit", "nofile=65"]]) {
      await site.ok([...flags, "-t", "limits", context]);
    }
    assert.strictEqual(await site.look("limits", "cat /files"), "65\n");
    const { stderr } = await site.ok(["--progress=plain", "--shm-size", "1m", context]);
    assert.include(stderr, "not cached: shm size added (1048576)");
  });

  it("is not asked with --no-cache, nor for the stages of --no-cache-filter", async () => {
    const context = site.context({
      Dockerfile: `FROM busybox AS first
RUN cat /proc/sys/kernel/random/uuid >/first
FROM busybox AS second
COPY --from=first /first /
RUN cat /proc/sys/kernel/random/uuid >/second`,
    });
    const build = async (...flags: string[]): Promise<readonly string[]> => {
      await site.ok([...flags, "-t", "uuid", context]);
      return (await site.look("uuid", "cat /first /second")).trim().split("\n");
    };
    const [first, second] = await build();
    const [sameFirst, otherSecond] = await build("--no-cache-filter", "Second");
    assert.strictEqual(sameFirst, first);
    assert.notStrictEqual(otherSecond, second);
    const [newFirst, newSecond] = await build("--no-cache");
    assert.notStrictEqual(newFirst, first);
    assert.notStrictEqual(newSecond, otherSecond);
  });

  it("is shared by builds at the same time: a step runs once", async () => {
    const context = site.context({
      Dockerfile: "FROM busybox\nRUN sleep 1; cat /proc/sys/kernel/random/uuid >/uuid",
    });
    const files = ["one", "two", "three"].map((name) => join(site.directory, name));
    await Promise.all(files.map((file) => site.ok(["--iidfile", file, context])));
    assert.lengthOf(new Set(files.map((file) => readFileSync(file, "utf8"))), 1);
  });
});
