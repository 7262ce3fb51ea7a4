import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  readInput,
  type BuildInput,
  type RemoteInput,
  type FoundInput,
} from "../../../src/cli/build/input.js";
import type { BuildErrorCode } from "../../../src/error.js";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";
import { collect } from "../../oci/bytes.js";
import { failureOf } from "../../oci/build-errors.js";
import { FakeIo, type World } from "../fake-io.js";

const temporary = temporaryDirectory();
const find = (context: string, file?: string, world: World = {}): Promise<FoundInput> =>
  readInput({ context, file }, new FakeIo({ cwd: temporary, ...world }));

async function read(context: string, file?: string, world?: World): Promise<BuildInput> {
  const found = await find(context, file, world);
  if (found.kind === "remote") throw new Error("it is not all here");
  return found.input;
}

async function readRemote(context: string, file?: string, world?: World): Promise<RemoteInput> {
  const found = await find(context, file, world);
  if (found.kind === "local") throw new Error("it is all here");
  return found.input;
}

function git(remote: string, ref?: string, subdir?: string): RemoteInput["context"] {
  const url = {
    remote,
    ref,
    subdir,
    checksum: undefined,
    keepGitDir: undefined,
    submodules: undefined,
    commitTime: undefined,
    fetchByCommit: undefined,
  };
  return { kind: "git", url };
}

function inside(path?: string): RemoteInput["dockerfile"] {
  return { kind: "inside", path };
}

/** A tar with one empty file. */
function tarOf(name: string): Buffer {
  return execFileSync("tar", [
    "--create",
    "--to-stdout",
    "--directory",
    directoryWith(temporary, { [name]: "" }),
    name,
  ]);
}

describe("readInput()", () => {
  it("finds the Dockerfile in the context", async () => {
    const root = directoryWith(temporary, { Dockerfile: "FROM a" });
    assert.deepStrictEqual(await read(root), {
      source: { name: "Dockerfile", text: "FROM a" },
      dockerfile: join(root, "Dockerfile"),
      context: root,
      scope: join(root, "Dockerfile"),
    });
  });

  it("takes a relative context from the caller's directory", async () => {
    const root = directoryWith(temporary, { "sub/Dockerfile": "FROM a" });
    const { context, dockerfile } = await read("sub", undefined, { cwd: root });
    assert.strictEqual(context, join(root, "sub"));
    assert.strictEqual(dockerfile, join(root, "sub/Dockerfile"));
  });

  it("falls back to the name in lower case", async () => {
    const root = directoryWith(temporary, { dockerfile: "FROM a" });
    assert.strictEqual((await read(root)).source.name, "dockerfile");
  });

  it("follows a Dockerfile that is a link", async () => {
    const root = directoryWith(temporary, {
      "docker/real": "FROM a",
      Dockerfile: { symlink: "docker/real" },
    });
    const { source, dockerfile } = await read(root);
    assert.strictEqual(source.text, "FROM a");
    assert.strictEqual(dockerfile, join(root, "Dockerfile"));
  });

  it("F12 takes --file from the caller's directory, outside the context too", async () => {
    const root = directoryWith(temporary, { "a.Dockerfile": "FROM a", "context/x": "" });
    const { source, context, dockerfile } = await read("context", "a.Dockerfile", { cwd: root });
    assert.deepStrictEqual(source, { name: "a.Dockerfile", text: "FROM a" });
    assert.strictEqual(dockerfile, join(root, "a.Dockerfile"));
    assert.strictEqual(context, join(root, "context"));
  });

  it("reads the Dockerfile from standard input with --file -", async () => {
    const root = directoryWith(temporary, { Dockerfile: "FROM other" });
    assert.deepStrictEqual(await read(root, "-", { input: "FROM a" }), {
      source: { name: "-", text: "FROM a" },
      dockerfile: undefined,
      context: root,
      scope: "-",
    });
  });

  it("has no context when that is -", async () => {
    assert.deepStrictEqual(await read("-", undefined, { input: "FROM a" }), {
      source: { name: "-", text: "FROM a" },
      dockerfile: undefined,
      context: undefined,
      scope: "-",
    });
  });

  const tar = tarOf("a");
  const archives: readonly (readonly [string, Buffer])[] = [
    ["a tar", tar],
    ["gzip", gzipSync("FROM a")],
    ["bzip2", Buffer.from("BZh91AY", "latin1")],
    ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0])],
  ];
  for (const [name, input] of archives) {
    it(`B03 takes ${name} on standard input for the context, whole`, async () => {
      const { context, dockerfile } = await readRemote("-", "sub/Dockerfile", { input });
      assert.deepStrictEqual(dockerfile, { kind: "inside", path: "sub/Dockerfile" });
      if (context.kind !== "archive") throw new Error("it is not an archive");
      assert.deepStrictEqual(await collect(context.bytes), input);
    });
  }

  const remotes: readonly (readonly [string, string | undefined, RemoteInput])[] = [
    [
      "https://x.org/a.git#main:sub",
      undefined,
      { context: git("https://x.org/a.git", "main", "sub"), dockerfile: inside() },
    ],
    [
      "github.com/u/r",
      "docker/a",
      { context: git("https://github.com/u/r.git"), dockerfile: inside("docker/a") },
    ],
    ["git@x.org:a/b", undefined, { context: git("git@x.org:a/b"), dockerfile: inside() }],
    [
      "https://x.org/a.tar.gz",
      undefined,
      { context: { kind: "http", url: "https://x.org/a.tar.gz" }, dockerfile: inside() },
    ],
    [
      "http://x.org/a",
      "https://x.org/Dockerfile",
      {
        context: { kind: "http", url: "http://x.org/a" },
        dockerfile: { kind: "url", url: "https://x.org/Dockerfile" },
      },
    ],
  ];
  for (const [context, file, want] of remotes) {
    it(`B06, B07 knows what ${context} is${file === undefined ? "" : ` with --file ${file}`}`, async () => {
      assert.deepStrictEqual(await readRemote(context, file), want);
    });
  }

  it("B05 takes a URL for the Dockerfile of a directory", async () => {
    const root = directoryWith(temporary, {});
    assert.deepStrictEqual(await readRemote(root, "https://x.org/a"), {
      context: { kind: "directory", root },
      dockerfile: { kind: "url", url: "https://x.org/a" },
    });
  });

  it("B04 takes the Dockerfile for a remote context from standard input", async () => {
    const { dockerfile } = await readRemote("git@x.org:a", "-", { input: "FROM a" });
    const source = { name: "-", text: "FROM a" };
    assert.deepStrictEqual(dockerfile, { kind: "given", source });
  });

  it("B06, B07 takes the Dockerfile for a remote context from this machine where --file is absolute", async () => {
    const file = join(directoryWith(temporary, { d: "FROM a" }), "d");
    for (const context of ["git@x.org:a", "https://x.org/a.tar.gz"]) {
      const { dockerfile } = await readRemote(context, file);
      const source = { name: file, text: "FROM a" };
      assert.deepStrictEqual(dockerfile, { kind: "given", source });
    }
    const missing = await failureOf(readRemote("git@x.org:a", `${file}-not`), "CONTEXT");
    assert.strictEqual(missing.message, `Cannot read the Dockerfile "${file}-not": no such file`);
  });

  it("prefers a directory that is there to a remote context of that name", async () => {
    const cwd = directoryWith(temporary, { "github.com/u/r/Dockerfile": "FROM a" });
    assert.strictEqual((await read("github.com/u/r", undefined, { cwd })).source.text, "FROM a");
  });

  it("reads a Dockerfile of 2 MiB from standard input, and no more", async () => {
    const limit = 2 * 1024 * 1024;
    const { source } = await read("-", undefined, { input: "#".repeat(limit) });
    assert.lengthOf(source.text, limit);
    await failureOf(read("-", undefined, { input: "#".repeat(limit + 1) }), "USAGE");
  });

  const contexts: readonly (readonly [string, string | undefined, BuildErrorCode, RegExp])[] = [
    ["-", "-", "USAGE", /can't use stdin for both build context and dockerfile$/],
    ["-", "Dockerfile", "USAGE", /ambiguous Dockerfile source$/],
    ["no-such", undefined, "CONTEXT", /"no-such" as a build context: no such directory$/],
    ["file", undefined, "CONTEXT", /"file" as a build context: not a directory$/],
    ["file/below", undefined, "CONTEXT", /"file\/below" as a build context: no such directory$/],
    ["empty", undefined, "CONTEXT", /^Cannot find a Dockerfile in ".*\/empty"$/],
    ["dangling", undefined, "CONTEXT", /^Cannot read the Dockerfile ".*": no such file$/],
    ["empty", "none", "CONTEXT", /^Cannot read the Dockerfile "none": no such file$/],
    ["empty", "empty", "CONTEXT", /^Cannot read the Dockerfile "empty": it is a directory$/],
    [
      "empty",
      "/dev/zero",
      "CONTEXT",
      /^Cannot read the Dockerfile "\/dev\/zero": more than 16 MiB$/,
    ],
    ["https://x.org/a.git?x=1", undefined, "USAGE", /unexpected query "x"$/],
  ];
  for (const [context, file, code, want] of contexts) {
    it(`explains the context "${context}"${file === undefined ? "" : ` with --file ${file}`}`, async () => {
      const cwd = directoryWith(temporary, {
        file: "",
        empty: {},
        "dangling/Dockerfile": { symlink: "nowhere" },
      });
      assert.match((await failureOf(read(context, file, { cwd }), code)).message, want);
    });
  }
});
