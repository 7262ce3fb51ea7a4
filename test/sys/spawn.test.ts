import { assert } from "chai";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { makePipe } from "../../src/sys/pipe.js";
import { spawnSession, waitFor } from "../../src/sys/spawn.js";

/** What a script says that is given `files` besides its output. */
function said(script: string, files: readonly number[] = []): string {
  const [input, output] = [openSync("/dev/null", "r"), makePipe()];
  try {
    const pid = spawnSession({
      path: "/bin/sh",
      argv: ["sh", "-c", script, "name"],
      env: ["A=b", "PATH=/usr/bin:/bin"],
      files: [input, output.write, output.write, ...files],
    });
    closeSync(output.write);
    const text = readFileSync(output.read, "utf8");
    waitFor(pid);
    return text;
  } finally {
    closeSync(input);
    closeSync(output.read);
  }
}

describe("spawnSession()", () => {
  it("gives a program its arguments, its environment and its files", () => {
    const more = makePipe();
    writeSync(more.write, "more\n");
    closeSync(more.write);
    const script = 'echo "$0 $A ${HOME-none}"; cat <&3; echo end >&2';
    assert.strictEqual(said(script, [more.read]), "name b none\nmore\nend\n");
    closeSync(more.read);
  });

  it("starts it in a session of its own, with no signal blocked or ignored", () => {
    const script =
      'read -r _ _ _ _ _ session _ </proc/$$/stat; [ "$session" = $$ ] && echo own; cat /proc/self/status';
    const text = said(script);
    assert.match(text, /^own$/m);
    assert.match(text, /^SigBlk:\s0+$/m);
    assert.match(text, /^SigIgn:\s0+$/m);
  });

  it("tells that there is no such program", () => {
    assert.throws(
      () => spawnSession({ path: "/no/such", argv: ["such"], env: [], files: [] }),
      /ENOENT: posix_spawn "\/no\/such"/,
    );
  });
});

describe("waitFor()", () => {
  it("leaves nothing of a child", () => {
    const pid = spawnSession({ path: "/bin/true", argv: ["true"], env: [], files: [] });
    waitFor(pid);
    assert.throws(() => {
      waitFor(pid);
    }, /ECHILD/);
  });
});
