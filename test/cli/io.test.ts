import { assert } from "chai";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  createReadStream,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

const io = new URL("../../src/cli/io.ts", import.meta.url).href;

/** Runs a program that has an `io`, its output going through a command of the shell's, and reads what it says. */
function start(
  body: string,
  {
    through = "",
    input = "ignore",
    output = "pipe",
  }: {
    readonly through?: string;
    readonly input?: "ignore" | "pipe";
    readonly output?: number | "pipe";
  } = {},
): ChildProcess {
  const program = `import { drain, nodeIo } from ${JSON.stringify(io)}; const io = nodeIo(); ${body}`;
  const argv = [process.execPath, "--import", "tsx", "--input-type=module", "--eval", program];
  const [command = "", ...args] =
    through === "" ? argv : ["sh", "-c", `"$@" ${through}`, "sh", ...argv];
  return spawn(command, args, { stdio: [input, output, "pipe"] });
}

/** The exit code and everything said, after `act` has seen the first output. */
async function outcome(child: ChildProcess, act: () => void) {
  let text = "";
  let acted = false;
  const hear = (chunk: Buffer): void => {
    text += chunk.toString();
    if (!acted) act();
    acted = true;
  };
  child.stdout?.on("data", hear);
  child.stderr?.on("data", hear);
  const [code] = (await once(child, "close")) as unknown[];
  return { code, text };
}

const untilAborted = `
  console.log("ready");
  const timer = setInterval(() => {}, 1000);
  io.signal.addEventListener("abort", () => {
    console.log(io.signal.reason.code, io.signal.reason.message);
    if (!STUBBORN) clearInterval(timer);
  });`;

describe("nodeIo()", () => {
  it("says that the current directory is gone only to who asks for it", async () => {
    const child = start(`
      import { mkdtempSync, rmdirSync } from "node:fs";
      const directory = mkdtempSync("/tmp/tsbuild-gone-");
      process.chdir(directory);
      rmdirSync(directory);
      try { void io.cwd } catch (error) { console.log(error.code, error.message) }
    `);
    const { code, text } = await outcome(child, () => undefined);
    assert.strictEqual(text, "SYSTEM Cannot go on: the current directory is gone\n");
    assert.strictEqual(code, 0);
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`aborts with CANCELLED on ${signal}`, async () => {
      const child = start(untilAborted.replace("STUBBORN", "false"));
      const { code, text } = await outcome(child, () => child.kill(signal));
      assert.strictEqual(text, `ready\nCANCELLED Cannot go on: interrupted by ${signal}\n`);
      assert.strictEqual(code, 0);
    });
  }

  it("ends the input that somebody waits for when it is interrupted", async () => {
    const child = start(
      `console.log("ready");
      try { for await (const chunk of io.in) console.log(String(chunk)); }
      catch (error) { console.log(error.code, error.message) }`,
      { input: "pipe" },
    );
    const { code, text } = await outcome(child, () => child.kill("SIGINT"));
    assert.strictEqual(text, "ready\nCANCELLED Cannot go on: interrupted by SIGINT\n");
    assert.strictEqual(code, 0);
  });

  it("exits at once with 130 at the second Ctrl-C", async () => {
    const child = start(untilAborted.replace("STUBBORN", "true"));
    child.stdout?.on("data", (chunk: Buffer) => {
      if (chunk.includes("CANCELLED")) child.kill("SIGINT");
    });
    const { code } = await outcome(child, () => child.kill("SIGINT"));
    assert.strictEqual(code, 130);
  });

  it("ends without a word when the reader of its output goes away", async () => {
    const child = start(`
      console.log("ready");
      setInterval(() => io.out.write("x".repeat(100000)), 5);`);
    const { code, text } = await outcome(child, () => child.stdout?.destroy());
    assert.strictEqual(code, 141);
    assert.match(text, /^ready\n/);
    assert.notInclude(text, "Error");
  });
});

describe("nodeIo() with standard output on a full disk", () => {
  it("says so, without a stack, and exits with 1", async () => {
    const full = openSync("/dev/full", "w");
    const child = start('io.out.write("text"); setInterval(() => {}, 1000);', { output: full });
    const { code, text } = await outcome(child, () => undefined);
    closeSync(full);
    assert.strictEqual(text, "ERROR: Cannot write to standard output: no space left on device\n");
    assert.strictEqual(code, 1);
  });
});

describe("openStandardStream()", () => {
  for (const { kind, through } of [
    { kind: "socket", through: "" },
    { kind: "pipe", through: "| cat" },
  ]) {
    it(`writes everything in order into a ${kind}, by itself and through node's stream`, async () => {
      const lines = 'for (let i = 0; i < 20000; i++) io.out.write(i + "\\n"); await drain(io);';
      const child = start(`${lines} process.exit(0);`, { through });
      const { code, text } = await outcome(child, () => undefined);
      assert.strictEqual(code, 0);
      assert.ok(text === Array.from({ length: 20_000 }, (_, i) => `${i}\n`).join(""));
    });
  }

  it("waits for the reader of a full pipe that somebody made non-blocking", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tsbuild-io-"));
    const fifo = join(directory, "fifo");
    execFileSync("mkfifo", [fifo]);
    const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const writing = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
    const full = writeSync(writing, Buffer.alloc(64 * 1024));
    const child = start(
      'console.error("ready"); io.out.write("b".repeat(20_000)); await drain(io); process.exit(0);',
      { output: writing },
    );
    closeSync(writing);
    let reader: Promise<Buffer> | undefined;
    const { code } = await outcome(child, () => {
      reader = buffer(createReadStream("", { fd: openSync(fifo, "r") }));
      closeSync(reading);
    });
    assert.strictEqual(code, 0);
    assert.strictEqual((await reader)?.subarray(full).toString(), "b".repeat(20_000));
    rmSync(directory, { recursive: true });
  });
});

describe("drain()", () => {
  it("waits until a slow reader has everything", async () => {
    const child = start(`
      io.out.write("x".repeat(5_000_000));
      await drain(io);
      process.exit(0);`);
    const { code, text } = await outcome(child, () => undefined);
    assert.strictEqual(code, 0);
    assert.strictEqual(text.length, 5_000_000);
  });
});
