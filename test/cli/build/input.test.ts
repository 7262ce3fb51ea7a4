import { assert } from "chai";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readInput } from "../../../src/cli/build/input.js";
import type { BuildErrorCode } from "../../../src/error.js";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";
import { failureOf } from "../../oci/build-errors.js";
import { FakeIo, type World } from "../fake-io.js";

const temporary = temporaryDirectory();
const read = (context: string, file?: string, world: World = {}) =>
  readInput({ context, file }, new FakeIo({ cwd: temporary, ...world }));

describe("readInput()", () => {
  it("finds the Dockerfile in the context", async () => {
    const root = directoryWith(temporary, { Dockerfile: "FROM a" });
    assert.deepStrictEqual(await read(root), {
      source: { name: "Dockerfile", text: "FROM a" },
      dockerfile: join(root, "Dockerfile"),
      context: root,
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

  it("takes --file from the caller's directory, outside the context too", async () => {
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
    });
  });

  it("has no context when that is -", async () => {
    assert.deepStrictEqual(await read("-", undefined, { input: "FROM a" }), {
      source: { name: "-", text: "FROM a" },
      dockerfile: undefined,
      context: undefined,
    });
  });

  const tar = Buffer.alloc(1024);
  tar.write("ustar", 257, "latin1");
  const archives: readonly (readonly [string, Buffer])[] = [
    ["a tar", tar],
    ["gzip", gzipSync("FROM a")],
    ["bzip2", Buffer.from("BZh91AY", "latin1")],
    ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0])],
  ];
  for (const [name, input] of archives) {
    it(`names ${name} on standard input as what is not supported`, async () => {
      const error = await failureOf(read("-", undefined, { input }), "UNSUPPORTED");
      assert.match(error.message, /^Cannot use an archive on standard input as the build context/);
    });
  }

  it("reads a Dockerfile of 2 MiB from standard input, and no more", async () => {
    const limit = 2 * 1024 * 1024;
    const { source } = await read("-", undefined, { input: "#".repeat(limit) });
    assert.lengthOf(source.text, limit);
    await failureOf(read("-", undefined, { input: "#".repeat(limit + 1) }), "USAGE");
  });

  const contexts: readonly (readonly [string, string | undefined, BuildErrorCode, RegExp])[] = [
    ["-", "-", "USAGE", /^Cannot use standard input for both/],
    ["-", "Dockerfile", "USAGE", /^Cannot use --file with the context "-"/],
    ["no-such", undefined, "CONTEXT", /"no-such" as a build context: no such directory$/],
    ["file", undefined, "CONTEXT", /"file" as a build context: not a directory$/],
    ["file/below", undefined, "CONTEXT", /"file\/below" as a build context: no such directory$/],
    ["empty", undefined, "CONTEXT", /^Cannot find a Dockerfile in ".*\/empty"$/],
    ["dangling", undefined, "CONTEXT", /^Cannot read the Dockerfile ".*": no such file$/],
    ["empty", "none", "CONTEXT", /^Cannot read the Dockerfile "none": no such file$/],
    ["empty", "empty", "CONTEXT", /^Cannot read the Dockerfile "empty": it is a directory$/],
    ["https://example.com/a.git", undefined, "UNSUPPORTED", /remote contexts are not supported/],
    ["git@example.com:a/b", undefined, "UNSUPPORTED", /remote contexts are not supported/],
    ["github.com/a/b", undefined, "UNSUPPORTED", /remote contexts are not supported/],
    ["empty", "https://example.com/Dockerfile", "UNSUPPORTED", /a remote Dockerfile is not/],
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
