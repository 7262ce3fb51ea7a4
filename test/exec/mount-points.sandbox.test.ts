import { assert } from "chai";
import { lstat, mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxMount } from "../../src/exec/sandbox-mount.js";
import { MountPoints } from "../../src/exec/mount-points.js";
import { fillBusybox, TestRoot } from "./busybox-root.js";
import { step, TestExecutor } from "./sandbox.js";

const OLD = new Date("2001-02-03T04:05:06Z");

/** A root that has everything BuildKit would leave behind, all of it old. */
async function fillOld(lower: string): Promise<void> {
  await fillBusybox(lower);
  for (const name of ["proc", "sys", "dev", "run", "srv/deep"]) {
    await mkdir(join(lower, name), { recursive: true });
  }
  await symlink("/run/late/dir", join(lower, "srv/link"));
  for (const name of ["etc", "run", "srv", "srv/deep", "."]) {
    await utimes(join(lower, name), OLD, OLD);
  }
}

/** Overlayfs shows the times of the upper directory as those of the root. */
async function openOld(): Promise<TestRoot> {
  const root = await TestRoot.open(fillOld);
  await utimes(root.root, OLD, OLD);
  return root;
}

function tmpfs(target: string): SandboxMount {
  return { kind: "tmpfs", target, size: undefined, readonly: false };
}

describe("MountPoints", () => {
  const cases: readonly {
    readonly name: string;
    readonly target: string;
    readonly kind: "directory" | "file";
    readonly path: string;
  }[] = [
    { name: "a file", target: "/etc/hosts", kind: "file", path: "/etc/hosts" },
    { name: "a directory", target: "/srv/deep/x", kind: "directory", path: "/srv/deep/x" },
    { name: "parents", target: "/srv/deep/a/b/c", kind: "file", path: "/srv/deep/a/b/c" },
    { name: "the end of a link", target: "/srv/link/x", kind: "file", path: "/run/late/dir/x" },
    { name: "nothing outside", target: "/../../etc/y", kind: "file", path: "/etc/y" },
  ];
  for (const { name, target, kind, path } of cases) {
    it(`make() makes ${name}, and remove() leaves no trace`, async () => {
      await using root = await openOld();
      const points = new MountPoints(root);
      assert.strictEqual(points.make(target, kind), path);
      const made = await lstat(join(root.root, path));
      assert.strictEqual(made.isDirectory(), kind === "directory");
      await root.unmount();
      points.remove();
      assert.isEmpty(await root.changed());
      assert.deepEqual((await lstat(root.upper)).mtime, OLD);
    });
  }

  it("make() refuses a file where the image has a directory", async () => {
    await using root = await TestRoot.open(fillOld);
    const points = new MountPoints(root);
    assert.throws(() => points.make("/etc", "file"), 'Cannot mount over "/etc": it is a directory');
  });

  it("make() refuses links without end", async () => {
    await using root = await TestRoot.open((lower) => symlink("loop", join(lower, "loop")));
    const points = new MountPoints(root);
    assert.throws(() => points.make("/loop/x", "file"), "too many links");
  });
});

describe("Executor's traces", () => {
  let executor: TestExecutor;
  before(async () => {
    executor = await TestExecutor.open();
  });
  after(async () => executor[Symbol.asyncDispose]());

  const secret = "/run/secrets/token";
  const cases: readonly {
    readonly name: string;
    readonly script: string;
    /** What the layer holds, and of which directories the step changed the time. */
    readonly upper: readonly string[];
    readonly touched: readonly string[];
  }[] = [
    { name: "nothing of a step that writes nothing", script: "true", upper: [], touched: [] },
    {
      name: "nothing where a stub could not be touched",
      script: `rm -f ${secret} /etc/hosts; chmod 777 ${secret}`,
      upper: [],
      touched: [],
    },
    {
      name: "a neighbour of a stub",
      script: "echo x > /etc/new",
      upper: ["etc", "etc/new"],
      touched: ["etc"],
    },
    {
      name: "a directory made for a stub, once it is used",
      script: "touch /run/secrets/mine",
      upper: ["run", "run/secrets", "run/secrets/mine"],
      touched: [],
    },
    {
      name: "a mode that was changed",
      script: "chmod 700 /etc",
      upper: ["etc"],
      touched: [],
    },
    {
      name: "a link put in the place of a stub's parent, not followed",
      script: "mv /run/secrets /old && ln -s /nowhere /run/secrets",
      upper: ["old", "old/token", "run", "run/secrets"],
      touched: [".", "run"],
    },
  ];
  for (const { name, script, upper, touched } of cases) {
    it(`run() leaves ${name}`, async () => {
      await using root = await openOld();
      const source = join(executor.work, "secret");
      await writeFile(source, "s3cret");
      const mounts = [{ kind: "bind" as const, source, target: secret, readonly: true }];
      await executor.run(step(root, script, { mounts }));
      assert.deepEqual(await root.changed(), upper);
      for (const directory of [".", "etc", "run"]) {
        const stat = await lstat(join(root.upper, directory)).catch(() => undefined);
        if (stat?.isDirectory() !== true) continue;
        const changed = stat.mtime.getTime() !== OLD.getTime();
        assert.strictEqual(changed, touched.includes(directory), directory);
      }
    });
  }

  it("run() leaves /proc, /sys and /dev where the image lacks them, as BuildKit does", async () => {
    await using root = await TestRoot.open();
    const before = (await lstat(root.root, { bigint: true })).mtimeNs;
    await executor.run(step(root, "true"));
    assert.deepEqual(await root.changed(), ["dev", "proc", "sys"]);
    assert.strictEqual((await lstat(root.upper, { bigint: true })).mtimeNs, before);
  });

  it("R03 run() leaves none of them that a mount of the step's own needs", async () => {
    for (const { changes, left } of [
      { changes: { shmSize: 1 << 20 }, left: ["proc", "sys"] },
      { changes: { mounts: [tmpfs("/dev/own/x")] }, left: ["proc", "sys"] },
      { changes: { mounts: [tmpfs("/devices")] }, left: ["dev", "proc", "sys"] },
    ]) {
      await using root = await TestRoot.open();
      await executor.run(step(root, "true", changes));
      assert.deepEqual(await root.changed(), left);
    }
  });

  it("run() shows a mount below another one", async () => {
    await using root = await TestRoot.open(fillOld);
    const outer = join(executor.work, "outer");
    const inner = join(executor.work, "inner");
    await mkdir(join(outer, "sub"), { recursive: true });
    await mkdir(inner, { recursive: true });
    await writeFile(join(inner, "file"), "inside");
    const mounts = [
      { kind: "bind" as const, source: outer, target: "/srv/cache", readonly: false },
      { kind: "bind" as const, source: inner, target: "/srv/cache/sub", readonly: true },
    ];
    const { stdout } = await executor.run(step(root, "cat /srv/cache/sub/file", { mounts }));
    assert.strictEqual(stdout, "inside");
    assert.isEmpty(await root.changed());
  });
});
