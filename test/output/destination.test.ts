import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { writeTo } from "../../src/output/destination.js";
import { chunked, collect } from "../oci/bytes.js";
import { failureOf } from "../oci/build-errors.js";

const never = new AbortController().signal;
const bytes = Buffer.from("the bytes of an archive");

/** Standard output, collected. */
function standardOutput(isTerminal = false) {
  return { stream: new PassThrough(), isTerminal, umask: 0o027 };
}

/** Bytes that break off. */
async function* broken(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
  throw new Error("broken");
}

describe("writeTo()", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tsbuild-destination-"));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it("writes a file, and the directories on the way", async () => {
    const path = join(directory, "a/b/out.tar");
    await writeTo(path, chunked(bytes, 5), standardOutput(), never);
    assert.deepStrictEqual(await readFile(path), bytes);
    assert.deepStrictEqual(await readdir(join(directory, "a/b")), ["out.tar"]);
    assert.strictEqual((await stat(path)).mode & 0o777, 0o640, "the user's umask is 027");
    assert.strictEqual((await stat(join(directory, "a"))).mode & 0o777, 0o750);
  });

  it("has nothing under any name until the last byte", async () => {
    const path = join(directory, "out.tar");
    const halfway = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes;
      yield bytes;
      assert.deepStrictEqual(await readdir(directory), []);
    };
    await writeTo(path, halfway(), standardOutput(), never);
    assert.strictEqual((await stat(path)).size, 2 * bytes.byteLength);
  });

  for (const [name, source, signal] of [
    ["the bytes break off", broken, never],
    ["it is aborted", () => chunked(bytes), AbortSignal.abort(new Error("broken"))],
  ] as const) {
    it(`leaves the old file alone when ${name}`, async () => {
      const path = join(directory, "out.tar");
      await writeFile(path, "old");
      const error: unknown = await writeTo(path, source(), standardOutput(), signal).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      assert.instanceOf(error, Error);
      assert.strictEqual(await readFile(path, "utf8"), "old");
      assert.deepStrictEqual(await readdir(directory), ["out.tar"]);
    });
  }

  it("refuses a directory", async () => {
    const writing = writeTo(directory, chunked(bytes), standardOutput(), never);
    const error = await failureOf(writing, "OUTPUT");
    assert.strictEqual(error.message, `Cannot write to "${directory}": it is a directory`);
  });

  it("writes into a pipe, not in its place", async () => {
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    const [read] = await Promise.all([
      readFile(pipe),
      writeTo(pipe, chunked(bytes), standardOutput(), never),
    ]);
    assert.deepStrictEqual(read, bytes);
    assert.deepStrictEqual(await readdir(directory), ["pipe"]);
  });

  it("writes to standard output, which stays open", async () => {
    const stdout = standardOutput();
    await writeTo("-", chunked(bytes), stdout, never);
    assert.isFalse(stdout.stream.writableEnded);
    stdout.stream.end("!");
    const all = await collect(stdout.stream as AsyncIterable<Uint8Array>);
    assert.strictEqual(all.toString("utf8"), `${bytes.toString("utf8")}!`);
  });

  it("refuses a terminal", async () => {
    const stdout = standardOutput(true);
    const error = await failureOf(writeTo("-", chunked(bytes), stdout, never), "OUTPUT");
    assert.strictEqual(error.message, "Cannot write an archive to a terminal");
    assert.strictEqual(stdout.stream.readableLength, 0);
  });
});
