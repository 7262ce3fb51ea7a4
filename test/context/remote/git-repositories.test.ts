import { assert } from "chai";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toText } from "../../../src/oci/changeset.js";
import { readContent } from "../../../src/oci/content.js";
import { gitSource, parseGitUrl } from "../../../src/plan/git-url.js";
import type { GitSource } from "../../../src/plan/remote-source.js";
import { Git } from "../../../src/context/remote/git.js";
import { GitRepositories } from "../../../src/context/remote/git-repositories.js";
import type { SecretSource } from "../../../src/secret-source.js";
import { directoryWith, temporaryDirectory } from "../temporary.js";
import { failureOf } from "../../oci/build-errors.js";
import { collect } from "../../oci/bytes.js";
import { redirectTo, serve, TestRepository, type WebServer } from "./git-server.js";

const { signal } = new AbortController();
const env = { PATH: process.env["PATH"] };

function source(url: string): GitSource {
  const parsed = parseGitUrl(url);
  if (parsed === undefined) throw new Error(`${url} is no git URL`);
  return gitSource(parsed);
}

describe("C23 GitRepositories", () => {
  const temporary = temporaryDirectory();
  const root = directoryWith(temporary, {});
  let server: WebServer;
  let first: string;
  let second: string;

  const open = (secrets: SecretSource = () => Promise.resolve(undefined), given = env) => {
    const git = new Git({ guard: [], env: given, authorities: undefined, knownHosts: [] });
    return new GitRepositories({ git, secrets, work: directoryWith(temporary, {}) });
  };
  const url = (rest = ""): string => `${server.url}/main/.git${rest}`;

  /** "mode path" of all that a source holds. */
  async function list(text: string, repositories = open()): Promise<readonly string[]> {
    const one = source(text);
    const resolved = await repositories.resolve(one, signal);
    const { entries } = await repositories.checkOut(one, resolved, signal);
    return Array.from(entries, (entry) => {
      if (entry.type === "whiteout" || entry.type === "opaque") throw new Error("a whiteout");
      assert.deepInclude(entry, { uid: 0, gid: 0 });
      return `${entry.mode.toString(8)} ${toText(entry.path)}`;
    });
  }

  before(async () => {
    const sub = new TestRepository(join(root, "sub"));
    sub.commit({ s: "sub" });
    const main = new TestRepository(join(root, "main"));
    first = main.commit({ a: "1", "dir/b": "1" });
    main.git("tag", "--annotate", "--message=one", "v1");
    main.git("branch", "other/v1", first);
    main.git("submodule", "--quiet", "add", join(root, "sub"), "lib");
    main.git("config", "--file=.gitmodules", "submodule.lib.url", "../../sub/.git");
    second = main.commit({ a: "2", x: "" });
    server = await serve(root);
  });
  after(() => server[Symbol.asyncDispose]());

  it("resolves branches, tags and the default branch as git does", async () => {
    const repositories = open();
    const commit = async (rest: string): Promise<string> =>
      (await repositories.resolve(source(url(rest)), signal)).commit;
    assert.strictEqual(await commit(""), second);
    assert.strictEqual(await commit("#main"), second);
    assert.strictEqual(await commit("?branch=main"), second);
    for (const ref of ["v1", "refs/tags/v1", "tags/v1"])
      assert.strictEqual(await commit(`#${ref}`), first);
    const error = await failureOf(commit("#nope"), "REMOTE");
    assert.include(error.message, 'repository does not contain ref "nope"');
  });

  it("asks nobody about a whole commit", async () => {
    const asked = server.asked.length;
    const { commit } = await open().resolve(source(url(`#${first}`)), signal);
    assert.strictEqual(commit, first);
    assert.lengthOf(server.asked, asked);
  });

  it("C24 checks the commit", async () => {
    const repositories = open();
    const check = (rest: string) => repositories.resolve(source(url(rest)), signal);
    await check(`?checksum=${second.slice(0, 8)}`);
    await check(`?tag=v1&commit=${first}`);
    await check(`?commit=${first}&fetch-by-commit`);
    const error = await failureOf(check(`?checksum=${first}`), "DIGEST_MISMATCH");
    assert.include(error.message, `expected checksum to match ${first}, got ${second}`);
    await failureOf(check("?commit=abc&fetch-by-commit"), "REMOTE");
  });

  it("checks files out with the usual modes, submodules too, without any .git", async () => {
    const files = ["755 ", "644 .gitmodules", "644 a", "755 dir", "644 dir/b"];
    const mask = process.umask(0o077);
    try {
      assert.deepEqual(await list(url()), [...files, "755 lib", "644 lib/s", "644 x"]);
    } finally {
      process.umask(mask);
    }
    assert.deepEqual(await list(url("?submodules=false")), [...files, "755 lib", "644 x"]);
    assert.deepEqual(await list(url("#v1")), ["755 ", "644 a", "755 dir", "644 dir/b"]);
    assert.deepEqual(await list(url(`#${first}:dir`)), ["755 ", "644 b"]);
    assert.deepEqual(await list(url(":/../dir/").replace(":/..", "#:/..")), ["755 ", "644 b"]);
  });

  it("B06 checks out names that are no UTF-8", async () => {
    const odd = join(root, "odd");
    const repository = new TestRepository(odd);
    repository.commit({ a: "" });
    const name = Buffer.concat([Buffer.from(`${odd}/`), Buffer.from([0xff])]);
    mkdirSync(name);
    writeFileSync(Buffer.concat([name, Buffer.from("/f")]), "");
    repository.commit({ b: "" });
    const found = await list(`${server.url}/odd/.git`);
    assert.deepStrictEqual(found, ["755 ", "644 a", "644 b", "755 \ufffd", "644 \ufffd/f"]);
  });

  it("keeps .git where that is asked for, of the whole repository only", async () => {
    const kept = await list(url("?keep-git-dir=1"));
    for (const path of ["644 .git/HEAD", "644 .git/config", "644 .git/shallow", "644 lib/.git"]) {
      assert.include(kept, path);
    }
    assert.notInclude(kept, "644 .git/FETCH_HEAD");
    assert.isEmpty(kept.filter((path) => path.includes("hooks")));
    assert.deepEqual(await list(url("?keep-git-dir=1#v1:dir")), ["755 ", "644 b"]);
  });

  it("keeps in .git no password, and no log with names of this machine, of submodules neither", async () => {
    const repositories = open();
    const one = source(url("?keep-git-dir=1").replace("://", "://user:pa55@"));
    const resolved = await repositories.resolve(one, signal);
    const { entries } = await repositories.checkOut(one, resolved, signal);
    const configs: string[] = [];
    for (const entry of entries) {
      assert.notMatch(toText(entry.path), /(?:^|\/)logs(?:\/|$)/);
      if (entry.type !== "file") continue;
      const text = (await collect(readContent(entry))).toString("latin1");
      assert.notInclude(text, "pa55", toText(entry.path));
      if (entry.path.endsWith("/config")) configs.push(toText(entry.path));
    }
    assert.deepStrictEqual(configs, [".git/config", ".git/modules/lib/config"]);
  });

  it("T08 gives files the time of the commit with mtime=commit", async () => {
    const repositories = open();
    const one = source(url("?mtime=commit#v1"));
    const { entries } = await repositories.checkOut(
      one,
      await repositories.resolve(one, signal),
      signal,
    );
    assert.deepEqual(
      Array.from(entries, (entry) => "mtime" in entry && entry.mtime),
      [1_700_000_000, 1_700_000_000, 1_700_000_000, 1_700_000_000],
    );
  });

  it("names a directory that is not there, or is none", async () => {
    for (const rest of ["#v1:nope", "#v1:a"]) {
      assert.include((await failureOf(list(url(rest)), "REMOTE")).message, "it has no directory");
    }
  });

  it("B06 shows a token to the host it is for, and asks for one", async () => {
    await using closed = await serve(root, "s3cret");
    const text = `${closed.url}/main/.git#v1`;
    const { host } = new URL(closed.url);
    const secrets = (name: string) => (id: string) =>
      Promise.resolve(id === name ? Buffer.from("s3cret\n") : undefined);
    for (const name of [`GIT_AUTH_TOKEN.${host}`, "GIT_AUTH_TOKEN"]) {
      assert.include(await list(text, open(secrets(name))), "644 a");
    }
    const error = await failureOf(list(text), "REMOTE");
    assert.include(error.hint ?? "", "GIT_AUTH_TOKEN");
    await failureOf(list(text, open(secrets("GIT_AUTH_TOKEN.other.org"))), "REMOTE");
  });

  it("B06 shows nothing of a password when git complains", async () => {
    for (const password of ["a%40b", "a@b@c"]) {
      const text = url().replace("://", `://user:${password}@`).replace(/:\d+/, ":1");
      const { message } = await failureOf(open().resolve(source(text), signal), "REMOTE");
      assert.notMatch(message, /user|[abc]@|%40/);
    }
  });

  it("B06 takes no token along a redirect, and follows one without a token", async () => {
    await using moved = await redirectTo(server.url);
    const text = `${moved.url}/main/.git?submodules=false`;
    assert.include(await list(text), "644 a");
    const asked = server.asked.length;
    const token = (): Promise<Uint8Array> => Promise.resolve(Buffer.from("s3cret"));
    const error = await failureOf(list(text, open(token)), "REMOTE");
    assert.include(error.hint ?? "", "does not follow a redirect");
    assert.lengthOf(server.asked, asked);
  });

  it("follows no submodule into this machine", async () => {
    const trap = new TestRepository(join(root, "trap"));
    trap.git("submodule", "--quiet", "add", join(root, "sub"), "lib");
    trap.commit({ a: "" });
    const error = await failureOf(list(`${server.url}/trap/.git`), "REMOTE");
    assert.match(error.message, /transport 'file' not allowed|clone of .* failed|Failed to clone/);
  });

  it("says what to install where git is missing", async () => {
    const error = await failureOf(list(url(), open(undefined, { PATH: "/nonexistent" })), "REMOTE");
    assert.strictEqual(error.message, "Cannot run git: it is not installed");
  });

  it("stops git when the build stops", async () => {
    const stopping = new AbortController();
    const working = open().resolve(source(url()), stopping.signal);
    stopping.abort(new Error("stopped"));
    assert.match(await working.then(String, String), /stopped/);
  });
});
