import { assert } from "chai";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxMount } from "../../src/exec/sandbox-mount.js";
import type { SandboxProcess } from "../../src/exec/executor.js";
import { failureOf } from "../oci/build-errors.js";
import { FakeExecutor } from "./support/fake-executor.js";
import { TestBuilds } from "./support/test-builds.js";

/** Looks at a process while its mounts are there. */
class LookingExecutor extends FakeExecutor {
  readonly #look: (process: SandboxProcess) => Promise<void>;

  constructor(look: (process: SandboxProcess) => Promise<void>) {
    super();
    this.#look = look;
  }

  override async run(process: SandboxProcess, signal: AbortSignal) {
    await this.#look(process);
    return await super.run(process, signal);
  }
}

function sourceOf(mount: SandboxMount | undefined): string {
  if (mount?.kind !== "bind") throw new Error("no such bind mount");
  return mount.source;
}

describe("RUN --mount", () => {
  it("R04 shows files of the context, those alone that were named", async () => {
    await using builds = await TestBuilds.open({ "dir/a": "1", "dir/b*[c]": "2", other: "x" });
    const seen: unknown[] = [];
    const executor = new LookingExecutor(async ({ mounts: [directory, file] }) => {
      seen.push(await readdir(sourceOf(directory)));
      seen.push(await readFile(sourceOf(file), "utf8"));
    });
    const flags = "--mount=source=dir,target=/a --mount=source=dir/b*[c],target=/b";
    await builds.build(`FROM scratch\nRUN ${flags} check`, { executor });
    assert.deepStrictEqual(seen, [["a", "b*[c]"], "2"]);
    const [mount] = executor.processes[0]?.mounts ?? [];
    assert.deepInclude(mount, { target: "/a", readonly: true });
  });

  it("R04 throws away what is written to a mount with rw", async () => {
    await using builds = await TestBuilds.open({ a: "1" });
    let source = "";
    const executor = new LookingExecutor(async ({ mounts: [mount] }) => {
      source = sourceOf(mount);
      await writeFile(join(source, "new"), "");
    });
    const text = "FROM scratch\nRUN --mount=target=/a,rw check";
    const { config } = await builds.build(text, { executor });
    assert.lengthOf(config.rootfs.diff_ids, 1);
    assert.deepStrictEqual(await readdir(builds.context), ["a"]);
  });

  it("R04 is keyed by the content that a mount shows, wherever that comes from", async () => {
    await using builds = await TestBuilds.open({ "dir/a": "1", other: "x" });
    const text = "FROM scratch\nRUN --mount=source=dir,target=/a check";
    await builds.build(text);
    await writeFile(join(builds.context, "other"), "y");
    assert.deepStrictEqual((await builds.build(text)).executor.commands, []);
    await writeFile(join(builds.context, "dir/a"), "2");
    const { log } = await builds.build(text);
    const title = "[1/1] RUN --mount=source=dir,target=/a check";
    assert.strictEqual(log.reason(title), "content of bind mount /a changed");
  });

  it("R04 is keyed by a subtree of a stage, not by all of it", async () => {
    await using builds = await TestBuilds.open({ a: "1", b: "1" });
    const text =
      "FROM scratch AS one\nCOPY a b /d/\nCOPY a /only/\n" +
      "FROM scratch\nRUN --mount=from=one,source=/only,target=/a check";
    await builds.build(text);
    await writeFile(join(builds.context, "b"), "2");
    assert.deepStrictEqual((await builds.build(text)).executor.commands, []);
    await writeFile(join(builds.context, "a"), "2");
    assert.deepStrictEqual((await builds.build(text)).executor.commands, ["check"]);
  });

  it("R04 tells where what is not there should have been", async () => {
    await using builds = await TestBuilds.open();
    const running = builds.start("FROM scratch\nRUN --mount=source=no,target=/a check");
    const error = await failureOf(running.done, "SOURCE_NOT_FOUND");
    assert.strictEqual(error.message, 'Cannot mount "/no": not found in the build context');
    assert.strictEqual(
      error.at?.source.text.slice(error.at.start, error.at.end),
      "--mount=source=no,target=/a",
    );
  });

  it("R08 gives a secret as a file and as a variable, and keeps its value out of everything", async () => {
    await using builds = await TestBuilds.open();
    builds.secrets.set("s", Buffer.from("hunter2"));
    const flags = "--mount=type=secret,id=s,target=/f,uid=3 --mount=type=secret,id=s,env=S";
    const text = `FROM scratch\nRUN ${flags} put made $S`;
    const { executor, log, config } = await builds.build(text);
    const process = executor.processes[0] ?? assert.fail();
    assert.deepStrictEqual(process.secretEnv, ["S=hunter2"]);
    assert.deepInclude(process.mounts[0], { kind: "secret", target: "/f", uid: 3, mode: 0o400 });
    assert.notInclude(JSON.stringify([log.events, config]), "hunter2");
    builds.secrets.set("s", Buffer.from("changed"));
    assert.deepStrictEqual((await builds.build(text)).executor.commands, []);
  });

  it("R08 goes without a secret that nobody gave, unless it is required", async () => {
    await using builds = await TestBuilds.open();
    const flags = "--mount=type=secret,id=s --mount=type=secret,id=s,env=S";
    const { executor } = await builds.build(`FROM scratch\nRUN ${flags} check`);
    const process = executor.processes[0] ?? assert.fail();
    assert.deepStrictEqual([process.secretEnv, process.mounts], [["S="], []]);
    const running = builds.start("FROM scratch\nRUN --mount=type=secret,id=s,required check");
    const error = await failureOf(running.done, "RUN_FAILED");
    assert.strictEqual(error.message, 'Cannot mount secret "s": none was given');
  });

  it("names each kind of mount that changed", async () => {
    await using builds = await TestBuilds.open();
    const step = (size: string, id: string): string =>
      `RUN --mount=type=tmpfs,target=/t,size=${size} --mount=type=secret,id=${id} check`;
    await builds.build(`FROM scratch\n${step("1m", "a")}`);
    const { log } = await builds.build(`FROM scratch\n${step("2m", "b")}`);
    assert.strictEqual(
      log.reason(`[1/1] ${step("2m", "b")}`),
      'secret mount b added, tmpfs mount /t changed from "rw,size=1048576" to "rw,size=2097152", secret mount a removed',
    );
  });
});
