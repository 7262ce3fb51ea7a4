import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  closeSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { FilesRead } from "../../src/context/read-files.js";
import { digestOf, hexOf } from "../../src/oci/digest.js";
import { baseLayout } from "./support/base-images.js";
import { inspect } from "./support/inspect.js";
import { testsRunAsRoot } from "./support/accounts.js";
import { describeForAccounts } from "./support/site.js";

describeForAccounts("build contexts", (site) => {
  const list = (image: string): Promise<string> =>
    site.look(image, "cd /ctx; find . -type f | sort");

  it("leave out what .dockerignore says", async () => {
    const context = site.context({
      Dockerfile: "FROM busybox\nCOPY . /ctx/",
      ".dockerignore": "# comment\n*\n!src\nsrc/**/*.tmp\n!src/keep.tmp\n",
      "src/a": "",
      "src/deep/b.tmp": "",
      "src/keep.tmp": "",
      other: "",
    });
    await site.ok(["-t", "ignored", context]);
    assert.strictEqual(await list("ignored"), "./src/a\n./src/keep.tmp\n");
  });

  it("obey the ignore file of their Dockerfile before the common one", async () => {
    const context = site.context({
      "docker/app.Dockerfile": "FROM busybox\nCOPY . /ctx/",
      "docker/app.Dockerfile.dockerignore": "*\n!a",
      ".dockerignore": "a",
      a: "",
      b: "",
    });
    await site.ok(["-f", join(context, "docker/app.Dockerfile"), "-t", "own", context]);
    assert.strictEqual(await list("own"), "./a\n");
  });

  it("have a script in the bundle for the thread that reads many new files", async () => {
    const root = site.context({ a: "1" });
    const [directory, spool] = [openSync(root, "r"), openSync(join(root, "spool"), "wx+")];
    const thread = new Worker("./dist/reading.cjs");
    try {
      thread.postMessage({
        names: ["a"],
        facts: Float64Array.of(directory, 1, 0, 0),
        spool,
        offset: 0,
      });
      const [{ digests, outcomes }] = (await once(thread, "message")) as [FilesRead];
      assert.strictEqual(Buffer.from(digests).toString("hex"), hexOf(digestOf("1")));
      assert.deepStrictEqual(outcomes, Uint8Array.of(1));
    } finally {
      await thread.terminate();
      for (const fd of [directory, spool]) closeSync(fd);
    }
  });

  it("take their Dockerfile from standard input with -f -, or do without files with -", async () => {
    const context = site.context({ a: "from the context\n" });
    const input = "FROM busybox\nCOPY a /a\n";
    await site.ok(["-f", "-", "-t", "piped", context], { input });
    assert.strictEqual(await site.look("piped", "cat /a"), "from the context\n");
    await site.ok(["-t", "bare", "-"], { input: "FROM busybox\nRUN echo none >/a\n" });
    assert.strictEqual(await site.look("bare", "cat /a"), "none\n");
  });

  it("keep the access times of their owner's files, and may have files of others", async () => {
    const context = site.context({
      Dockerfile: "FROM scratch\nCOPY own theirs /",
      own: "own\n",
      theirs: "theirs\n",
    });
    const own = join(context, "own");
    utimesSync(own, 1_000_000, statSync(own).mtime);
    if (testsRunAsRoot) chownSync(join(context, "theirs"), site.account.uid + 1, 0);
    await site.ok(["-t", "access", "--output", join(context, "out"), context]);
    assert.strictEqual(readFileSync(join(context, "out/theirs"), "utf8"), "theirs\n");
    assert.strictEqual(statSync(own).atimeMs, 1_000_000_000);
  });

  it("never lead out by symbolic links", async () => {
    const secret = site.context({ secret: "secret" });
    const context = site.context({ Dockerfile: "FROM busybox\nCOPY out/secret /" });
    symlinkSync(secret, join(context, "out"));
    for (const source of ["out/secret", "out"]) {
      site.write(context, { Dockerfile: `FROM busybox\nCOPY ${source} /` });
      const { code, stderr } = await site.tsbuild([context]);
      assert.strictEqual(code, 1);
      assert.match(stderr, /^Dockerfile:2:\d+: Cannot /m);
    }
  });

  it("are also directories with names of their own", async () => {
    const other = site.context({ file: "other\n" });
    const context = site.context({ Dockerfile: "FROM busybox\nCOPY --from=extra file /file" });
    await site.ok(["--build-context", `extra=${other}`, "-t", "extra", context]);
    assert.strictEqual(await site.look("extra", "cat /file"), "other\n");
  });

  it("are also images, which take the place of others", async () => {
    const base = site.context({ Dockerfile: "FROM busybox\nRUN echo replaced >/which" });
    await site.ok(["-t", "replacement", base]);
    const context = site.context({
      Dockerfile: "FROM not.reachable.example/base:9\nRUN cat /which >/seen",
    });
    const replaced = "not.reachable.example/base:9=docker-image://replacement";
    await site.ok(["--build-context", replaced, "-t", "replaced", context]);
    assert.strictEqual(await site.look("replaced", "cat /seen"), "replaced\n");
  });

  it("B13 are also OCI layouts", async () => {
    const layout = join(site.directory, "layout");
    const argv = [
      "--insecure-policy",
      "copy",
      "-q",
      `oci:${baseLayout}:busybox`,
      `oci:${layout}:it`,
    ];
    execFileSync("skopeo", argv);
    if (testsRunAsRoot) execFileSync("chown", ["-R", String(site.account.uid), layout]);
    const context = site.context({
      Dockerfile: "FROM base\nCOPY --from=base /bin/busybox /copied",
    });
    await site.ok(["--build-context", `base=oci-layout://${layout}:it`, "-t", "laid", context]);
    assert.strictEqual(await site.look("laid", "cmp /copied /bin/busybox && echo same"), "same\n");
  });

  it("give their image the labels and arguments of the command line", async () => {
    const context = site.context({
      Dockerfile: `FROM busybox
ARG A
ARG B=default
LABEL from=dockerfile kept=yes
ENV RESULT=$A-$B`,
    });
    const flags = ["--label", "from=flag", "--build-arg", "A"];
    await site.ok([...flags, "-t", "flags", context], { env: { A: "environment" } });
    const { Config } = await inspect(site, "flags");
    assert.deepStrictEqual(Config["Labels"], { from: "flag", kept: "yes" });
    assert.include(Config["Env"] as string[], "RESULT=environment-default");
  });
});
