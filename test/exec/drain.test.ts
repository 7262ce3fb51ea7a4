import { assert } from "chai";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Drain } from "../../src/exec/drain.js";
import { fileTypes } from "../../src/sys/file-stat.js";
import { mknod } from "../../src/sys/inodes.js";

/** Longer than any test: what passes then was not waited for. */
const LONG = 60_000;

describe("Drain", () => {
  let directory: string;
  let writer: number;
  let heard: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tsbuild-drain-"));
    heard = "";
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function drain(rest?: number): Drain {
    const path = join(directory, "fifo");
    mknod(path, fileTypes.fifo | 0o600, 0, 0);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    writer = openSync(path, "w");
    const take = (chunk: Uint8Array): void => {
      heard += Buffer.from(chunk).toString();
    };
    return new Drain(reader, take, rest);
  }

  it("passes on what is written while it is written, once it listens", async () => {
    const listening = drain(1);
    writeSync(writer, "one ");
    while (heard === "") await setTimeout(1);
    writeSync(writer, "two");
    closeSync(writer);
    await listening.finish();
    assert.strictEqual(heard, "one two");
  });

  it("finish() reads all of what nobody listened to", async () => {
    const resting = drain(LONG);
    writeSync(writer, "x".repeat(10_000));
    closeSync(writer);
    await resting.finish();
    assert.strictEqual(heard, "x".repeat(10_000));
  });

  it("finish() waits for who still writes", async () => {
    const resting = drain(LONG);
    writeSync(writer, "one ");
    const finished = resting.finish();
    assert.strictEqual(heard, "one ");
    await setTimeout(5);
    writeSync(writer, "two");
    closeSync(writer);
    await finished;
    assert.strictEqual(heard, "one two");
  });
});
