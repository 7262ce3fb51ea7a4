import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { directoryWith, temporaryDirectory } from "../context/temporary.js";
import { serve, TestRepository, type WebServer } from "../context/remote/git-server.js";
import { inspect } from "./support/inspect.js";
import { describeForAccounts } from "./support/site.js";

describeForAccounts("sources from elsewhere", (site) => {
  const temporary = temporaryDirectory();
  const root = directoryWith(temporary, {
    "a.txt": "one",
    Dockerfile: "FROM busybox\nCOPY a /from-context\n",
    "tree/Dockerfile": "FROM busybox\nCOPY . /ctx\n",
    "tree/.dockerignore": "a",
    "tree/a": "a",
  });
  const archive = join(root, "tree.tgz");
  let repository: TestRepository;
  let server: WebServer;

  before(async () => {
    const owned = ["--owner=5", "--group=6", "--numeric-owner", "--directory", join(root, "tree")];
    execFileSync("tar", ["--create", "--gzip", "--file", archive, ...owned, "."]);
    repository = new TestRepository(join(root, "repo"));
    repository.commit({ Dockerfile: "FROM busybox\nCOPY dir /ctx\n", "dir/f": "1" });
    server = await serve(root);
  });
  after(() => server[Symbol.asyncDispose]());

  const git = (rest = ""): string => `${server.url}/repo/.git${rest}`;

  it("C22, C23, K04 are downloaded once, and a miss names what changed", async () => {
    const context = site.context({
      Dockerfile: [
        "FROM busybox",
        `ADD ${server.url}/a.txt /dl/`,
        `ADD --unpack=true --chmod=600 ${server.url}/tree.tgz /un`,
        `ADD ${git("#main:dir")} /git`,
      ].join("\n"),
    });
    await site.ok(["-t", "added", context]);
    const script = "stat -c '%n %a %u %Y' /dl/a.txt; cat /dl/a.txt; ls -A /un; ls -A /git";
    const want = "/dl/a.txt 600 0 1709632800\none.dockerignore\nDockerfile\na\nf\n";
    assert.strictEqual(await site.look("added", script), want);

    server.asked.length = 0;
    const again = await site.ok(["-t", "added", "--progress=plain", context]);
    assert.strictEqual(again.stderr.match(/ CACHED$/gm)?.length, 4, again.stderr);
    assert.deepEqual(server.asked.filter((line) => !line.includes(".git")).sort(), [
      "GET /a.txt 304",
      "GET /tree.tgz 304",
    ]);

    writeFileSync(join(root, "a.txt"), "two");
    repository.commit({ "dir/g": "2" });
    const { stderr } = await site.ok(["-t", "added", "--progress=plain", context]);
    assert.include(stderr, `not cached: content of ${server.url}/a.txt changed`);
    assert.include(stderr, `not cached: commit of ${git("#main:dir")} changed`);
    assert.strictEqual(await site.look("added", "cat /dl/a.txt; ls /git"), "twof\ng\n");
  });

  it("B03, B06, B07, B08, B14 are contexts, too: an archive, a repository, a URL", async () => {
    const owners = "stat -c '%u:%g %n' /ctx/*";
    const input = execFileSync("cat", [archive]);
    await site.ok(["-t", "piped", "-"], { input });
    assert.strictEqual(await site.look("piped", owners), "5:6 /ctx/Dockerfile\n5:6 /ctx/a\n");
    await site.ok(["-t", "url", `${server.url}/tree.tgz`]);
    assert.strictEqual(await site.look("url", owners), "5:6 /ctx/Dockerfile\n5:6 /ctx/a\n");
    await site.ok(["-t", "git", git()]);
    assert.strictEqual(await site.look("git", "cat /ctx/f"), "1");
    const context = site.context({ a: "near" });
    await site.ok(["-t", "far", "-f", `${server.url}/Dockerfile`, context]);
    assert.strictEqual(await site.look("far", "cat /from-context"), "near");
    const named = site.context({
      Dockerfile: "FROM busybox\nRUN --mount=from=g,target=/g cp /g/dir/f /f\nCOPY --from=u / /u/",
    });
    const contexts = [`g=${git()}`, `u=${server.url}/tree.tgz`];
    const flags = contexts.flatMap((value) => ["--build-context", value]);
    await site.ok(["-t", "named", ...flags, named]);
    assert.strictEqual(await site.look("named", "cat /f; ls /u"), "1context\n");
  });

  it("T02 give SOURCE_DATE_EPOCH their time: a commit, Last-Modified, the newest file of an archive", async () => {
    const commit = 1700000000; // as the repository of tests has it
    const modified = 1709632800; // as the server says
    const input = execFileSync("tar", ["-cC", join(root, "tree"), "--mtime=@1500000000", "."]);
    const stage = `FROM scratch AS src\nADD ${server.url}/a.txt /\nFROM scratch\nARG SOURCE_DATE_EPOCH`;
    const files = { Dockerfile: `${stage}\nLABEL e=$SOURCE_DATE_EPOCH\nCOPY f /`, f: "" };
    const context = site.context(files);
    const named = [`--build-context=ctx=${server.url}/tree.tgz`, context];
    const cases: readonly (readonly [string, readonly string[], number | undefined])[] = [
      ["context", ["-"], 1500000000],
      ["context", [git()], commit],
      ["context", [`${server.url}/tree.tgz`], modified],
      ["CTX", named, modified],
      ["src", [context], modified],
      ["context", [context], undefined],
    ];
    for (const [epoch, argv, want] of cases) {
      const before = Math.floor(Date.now() / 1000) - 3600;
      await site.ok(["-t", "dated", "--build-arg", `SOURCE_DATE_EPOCH=${epoch}`, ...argv], {
        input,
      });
      const { Created, Config } = await inspect(site, "dated");
      const created = Date.parse(Created) / 1000;
      if (want === undefined) assert.isAbove(created, before);
      else assert.strictEqual(created, want, argv.join(" "));
      if (argv.includes(context)) assert.deepPropertyVal(Config, "Labels", { e: `${want ?? ""}` });
    }
  });

  it("fail with the line that names them", async () => {
    const context = site.context({ Dockerfile: `FROM busybox\nADD ${server.url}/none /` });
    const { code, stderr } = await site.tsbuild([context]);
    assert.strictEqual(code, 1);
    assert.match(stderr, /^Dockerfile:2:1: Cannot download .*: invalid response status 404$/m);
    const missing = await site.tsbuild(["-f", "nope", git("#main")]);
    assert.include(missing.stderr, `Cannot find the Dockerfile "nope" in "${git("#main")}"`);
  });
});
