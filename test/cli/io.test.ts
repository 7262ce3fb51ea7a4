import { assert } from "chai";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

const io = new URL("../../src/cli/io.ts", import.meta.url).href;

/** Runs a program that has an `io`, and reads what it says. */
function start(body: string): ChildProcess {
  const program = `import { drain, nodeIo } from ${JSON.stringify(io)}; const io = nodeIo(); ${body}`;
  return spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** The exit code and everything said, after `act` has seen the first output. */
async function outcome(child: ChildProcess, act: () => void) {
  let text = "";
  let acted = false;
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    if (!acted) act();
    acted = true;
  });
  child.stderr?.on("data", (chunk: Buffer) => (text += chunk.toString()));
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
