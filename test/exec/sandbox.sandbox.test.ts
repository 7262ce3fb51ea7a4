import { assert } from "chai";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BuildError } from "../../src/error.js";
import { editsOf } from "../../src/exec/devices/edits.js";
import type { DeviceEdits } from "../../src/exec/device-edits.js";
import { findProgram, SEARCH_PATH } from "../../src/exec/runtime.js";
import { inUserNamespace } from "../contracts/snapshotter.js";
import { TestRoot } from "./busybox-root.js";
import { cgroupsOf } from "./cgroups-of.js";
import { removeCgroups } from "../../src/exec/cgroups.js";
import { step, TestExecutor, type Outcome } from "./sandbox.js";
import type { SandboxProcess } from "../../src/exec/executor.js";

const ENGINE = fileURLToPath(new URL("engine-to-kill.ts", import.meta.url));
const OWN_CAPABILITIES =
  /^CapEff:.*$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[0] ?? "none";

for (const runtime of ["crun", "runc"]) {
  describe(`Executor with ${runtime}`, () => {
    let executor: TestExecutor;

    before(async () => {
      executor = await TestExecutor.open({ runtime });
    });
    after(async () => executor[Symbol.asyncDispose]());

    async function run(script: string, changes: Partial<SandboxProcess> = {}): Promise<Outcome> {
      await using root = await TestRoot.open();
      return await executor.run(step(root, script, changes));
    }

    const facts: readonly {
      readonly name: string;
      readonly script: string;
      readonly changes?: Partial<SandboxProcess>;
      readonly stdout: string | RegExp;
    }[] = [
      { name: "is process 1 of its namespace", script: "echo $$", stdout: "1\n" },
      {
        name: "sees its own processes only",
        script: "ls -d /proc/[0-9]*",
        stdout: "/proc/1\n",
      },
      {
        name: "has no open files but its input and output",
        script: "ls /proc/self/fd | wc -l",
        stdout: "4\n",
      },
      {
        name: "has its own hostname",
        script: "hostname",
        changes: { hostname: "box" },
        stdout: "box\n",
      },
      {
        name: "sees no host directories",
        script: "ls -a /",
        stdout: ".\n..\nbin\ndev\netc\nhome\nproc\nsys\ntmp\n",
      },
      {
        name: "has Docker's capabilities",
        script: "grep CapEff /proc/self/status",
        stdout: "CapEff:\t00000000a80425fb\n",
      },
      {
        name: "has Docker's bounding set",
        script: "grep CapBnd /proc/self/status",
        stdout: "CapBnd:\t00000000a80425fb\n",
      },
      {
        name: "is filtered by seccomp",
        script: "grep Seccomp: /proc/self/status",
        stdout: "Seccomp:\t2\n",
      },
      {
        name: "may gain privileges as in Docker",
        script: "grep NoNewPrivs /proc/self/status",
        stdout: "NoNewPrivs:\t0\n",
      },
      {
        name: "opens no device but the harmless ones",
        script: "mknod /tmp/kmsg c 1 11 2>&1; head -c 1 /tmp/kmsg 2>&1",
        stdout: /kmsg: Operation not permitted\n/,
      },
      {
        name: "can use harmless device nodes that it made, as root",
        script: "mknod /tmp/zero c 1 5 2>&1 && head -c 3 /tmp/zero | tr '\\0' 'z'",
        stdout: inUserNamespace() ? /Operation not permitted/ : "zzz",
      },
      {
        name: "cannot make namespaces",
        script: "unshare -U true 2>&1; echo $?",
        stdout: /not permitted\n1\n$/,
      },
      {
        name: "cannot read masked files",
        script: "head -c 1 /proc/timer_list; ls /sys/firmware",
        stdout: "",
      },
      {
        name: "cannot write to /proc/sys",
        script: "echo x 2>&- >/proc/sys/kernel/hostname || echo no",
        stdout: "no\n",
      },
      {
        name: "cannot write to /sys",
        script:
          'for d in /sys /sys/fs/cgroup/*/; do mkdir "$d/x" 2>&-; done; ls -d /sys/fs/cgroup/*/x 2>&-',
        stdout: "",
      },
      {
        name: "sees itself in its cgroups",
        script:
          "cut -d: -f3 /proc/self/cgroup | sort -u; cat /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs 2>&- | sort -u | grep -cx 1",
        stdout: "/\n1\n",
      },
      {
        name: "has a /dev/shm of the wished size",
        script: "grep /dev/shm /proc/mounts",
        changes: { shmSize: 1 << 20 },
        stdout: /size=1024k/,
      },
      { name: "has an empty standard input", script: "cat; echo end", stdout: "end\n" },
      { name: "can write to /dev/stdout", script: "echo x > /dev/stdout", stdout: "x\n" },
      {
        name: "can write to /dev/stdout as a user",
        script: "echo x > /dev/stdout",
        changes: { user: "web" },
        stdout: "x\n",
      },
      {
        name: "runs as its user",
        script: "id",
        changes: { user: "web" },
        stdout: "uid=1000(web) gid=1000(web) groups=50(staff),1000(web)\n",
      },
      {
        name: "drops capabilities as a user",
        script: "grep CapEff /proc/self/status",
        changes: { user: "web" },
        stdout: "CapEff:\t0000000000000000\n",
      },
      {
        name: "gets HOME from passwd",
        script: "echo $HOME",
        changes: { user: "web" },
        stdout: "/home/web\n",
      },
      {
        name: "keeps a given HOME",
        script: "echo $HOME",
        changes: { env: ["PATH=/bin", "HOME=/x"] },
        stdout: "/x\n",
      },
      {
        name: "sees the given environment only",
        script: "env | grep -v -e PWD -e SHLVL",
        changes: { env: ["PATH=/bin", "A=b c", "HOME=/"] },
        stdout: /^(PATH=\/bin\n|A=b c\n|HOME=\/\n){3}$/,
      },
      {
        name: "starts in its directory, made for its user",
        script: "pwd; ls -ld /srv/app | head -c 10; touch x && echo y",
        changes: { cwd: "/srv/app", user: "web" },
        stdout: "/srv/app\ndrwxr-xr-xy\n",
      },
      {
        name: "knows extra hosts",
        script: "grep 10.1 /etc/hosts",
        changes: { extraHosts: [{ name: "db", ip: "10.1.2.3" }] },
        stdout: "10.1.2.3\tdb\n",
      },
      {
        name: "cannot change /etc/hosts",
        script: "echo x 2>&- >>/etc/hosts || echo no",
        stdout: "no\n",
      },
      {
        name: "obeys limits",
        script: "ulimit -n; ulimit -c",
        changes: {
          ulimits: [
            { type: "nofile", soft: 64, hard: 65 },
            { type: "core", soft: 0, hard: 0 },
          ],
        },
        stdout: "64\n0\n",
      },
      {
        name: "has only a loopback interface without network",
        script: "ls /sys/class/net",
        stdout: "lo\n",
      },
      {
        name: "has that interface up",
        script: "ip -o addr show lo | head -n 1 | grep -o 127.0.0.1",
        stdout: "127.0.0.1\n",
      },
      {
        name: "has no filter when insecure",
        script: "grep Seccomp: /proc/self/status",
        changes: { security: "insecure" },
        stdout: "Seccomp:\t0\n",
      },
      {
        name: "has our own capabilities when insecure",
        script: "grep CapEff /proc/self/status",
        changes: { security: "insecure" },
        stdout: `${OWN_CAPABILITIES}\n`,
      },
    ];
    for (const { name, script, changes, stdout } of facts) {
      it(`run(): a step ${name}`, async () => {
        const outcome = await run(script, changes);
        if (typeof stdout === "string") assert.strictEqual(outcome.stdout, stdout, outcome.stderr);
        else assert.match(outcome.stdout, stdout, outcome.stderr);
      });
    }

    it("run(): tells the exit code", async () => {
      const { code, outOfMemory } = await run("exit 42");
      assert.deepEqual({ code, outOfMemory }, { code: 42, outOfMemory: false });
    });

    it("R01 run(): takes no exit code for a signal", async () => {
      const { code, outOfMemory } = await run("exit 137", { resources: {} });
      assert.deepEqual({ code, outOfMemory }, { code: 137, outOfMemory: false });
    });

    it("R16, F11 run(): limits processes, memory and processors by a cgroup, or says why not", async () => {
      const resources = { memory: 16 << 20, memorySwap: 16 << 20, pids: 50, cpuShares: 512 };
      const script = "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/memory/memory.limit_in_bytes";
      const limited = run(`${script} || cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.max`, {
        resources,
        cgroupParent: "/tsbuild-test",
      });
      if (inUserNamespace()) {
        assert.propertyVal(await failure(limited), "code", "UNSUPPORTED");
        return;
      }
      assert.strictEqual((await limited).stdout, "50\n16777216\n");
      await removeCgroups("tsbuild-test");
    });

    it("R01 run(): tells that there was no memory left", async function () {
      if (inUserNamespace()) {
        assert.isFalse((await run("exit 137")).outOfMemory); // without a limit, nothing to run out of
        return;
      }
      const resources = { memory: 16 << 20, memorySwap: 16 << 20 };
      const { code, outOfMemory } = await run("head -c 100m /dev/zero | tail -c 100m", {
        resources,
      });
      assert.deepEqual({ code, outOfMemory }, { code: 137, outOfMemory: true });
    });

    it("R08 run(): shows secrets in memory only, and where nothing may be executed", async () => {
      const value = Buffer.from("hunter2");
      const mounts = [
        { kind: "secret" as const, target: "/s/x", value, uid: 7, gid: 8, mode: 0o440 },
      ];
      const script = "cat /s/x; echo $S; stat -c %a:%u:%g /s/x; grep /s/x /proc/mounts";
      const { stdout } = await run(script, {
        mounts,
        secretEnv: ["S=two"],
        env: ["S=one", "PATH=/bin"],
      });
      assert.match(stdout, /^hunter2two\n440:7:8\ntmpfs \/s\/x tmpfs ro,nosuid,nodev,noexec/);
    });

    it("R07 run(): has memory of the wished size as a directory", async () => {
      const mounts = [{ kind: "tmpfs" as const, target: "/t", size: 1 << 20, readonly: false }];
      const { stdout } = await run("grep ' /t ' /proc/mounts", { mounts });
      assert.match(stdout, /^tmpfs \/t tmpfs rw,nosuid,.*size=1024k/);
    });

    it("R12 run(): gives devices, and takes the traces of them away", async () => {
      await using root = await TestRoot.open();
      const devices = await gadget();
      const script =
        "head -c 3 /dev/gadget | tr '\\0' z; stat -c %F /dev/gadget; echo $GADGET; cat /opt/x/name; id -G";
      const outcome = await executor.run(step(root, script, { devices }));
      const name = await readFile("/etc/hostname", "utf8");
      assert.strictEqual(
        outcome.stdout,
        `zzzcharacter special file\nyes\n${name}0 9\n`,
        outcome.stderr,
      );
      assert.deepEqual(await root.changed(), ["dev", "proc", "sys"]);
    });

    it("R12 run(): opens of its devices only what they allow, and nothing else", async () => {
      const devices = await gadget({ hostPath: "/dev/loop-control", permissions: "r" });
      const script = "exec 3</dev/gadget && echo read; exec 4>/dev/gadget && echo written";
      const { stdout } = await run(script, { devices });
      // an ordinary user may not open that of the host
      assert.strictEqual(stdout, inUserNamespace() ? "" : "read\n");
    });

    it("R12 run(): starts the hooks of devices", async () => {
      const trace = join(executor.work, "hooked");
      const hook = { path: "/bin/sh", args: ["sh", "-c", 'cat >"$0"', trace] };
      const devices = { ...(await gadget()), hooks: { createRuntime: [hook] } };
      assert.strictEqual((await run("true", { devices })).code, 0);
      assert.include(await readFile(trace, "utf8"), '"status"'); // of the container, as its input
      await rm(trace);
    });

    it("run(): keeps stdout and stderr apart", async () => {
      const { stdout, stderr } = await run("echo out; echo err >&2; printf last");
      assert.deepEqual({ stdout, stderr }, { stdout: "out\nlast", stderr: "err\n" });
    });

    it("run(): exits with 127 where there is no such program", async () => {
      const { code, stderr } = await run("", { argv: ["no-such-thing"] });
      assert.strictEqual(code, 127);
      assert.match(stderr, /no-such-thing.*not found in \$PATH/);
    });

    it("run(): exits with 126 where the program is none", async () => {
      assert.strictEqual((await run("", { argv: ["/etc"] })).code, 126);
    });

    it("run(): refuses an unknown user", async () => {
      const error = await failure(run("true", { user: "nobody" }));
      assert.propertyVal(error, "code", "USER_NOT_FOUND");
    });

    it("run(): refuses to mount what is not there", async () => {
      const mounts = [
        { kind: "bind" as const, source: "/no/such/file", target: "/x", readonly: true },
      ];
      assert.propertyVal(await failure(run("true", { mounts })), "code", "SANDBOX");
    });

    const common = { cgroupParent: undefined, resources: {}, useNetwork: false };

    it("getReady() starts what steps have in common, which goes without any", async () => {
      {
        await using ready = await TestExecutor.open({ runtime });
        await ready.executor.getReady(common);
        await using root = await TestRoot.open();
        assert.strictEqual((await ready.run(step(root, "echo x"))).stdout, "x\n");
        await ready.executor.getReady(common);
      }
      const unused = await TestExecutor.open({ runtime });
      void unused.executor.getReady(common);
      await unused[Symbol.asyncDispose]();
      const mounts = await readFile("/proc/self/mounts", "utf8");
      assert.notInclude(mounts, unused.work);
      await using none = await TestExecutor.open({ runtime: "/no/such/runtime" });
      await none.executor.getReady(common);
      await using root = await TestRoot.open();
      assert.propertyVal(await failure(none.run(step(root, "true"))), "code", "NO_RUNTIME");
    });

    it("run(): says what it cannot start its containers with", async () => {
      const path = findProgram(runtime, SEARCH_PATH);
      await using bare = await TestExecutor.open({ runtime: path, searchPath: "/none" });
      await using root = await TestRoot.open();
      const error = await failure(bare.run(step(root, "true")));
      assert.propertyVal(error, "message", 'Cannot run steps: cannot start "unshare"');
    });

    it("run(): takes a runtime that was started ahead, and leaves it to another where it does not fit", async () => {
      await using ready = await TestExecutor.open({ runtime });
      const started = (): void => void ready.executor.getReady(common);
      started();
      const long = "x".repeat(100_000); // more than a pipe holds
      const env = ["PATH=/bin", `ONE=${long}`, `OTHER=${long}`];
      const script = "echo ${#ONE} ${#OTHER}; cat; echo >&2 said";
      for (const changes of [{ env }, { env, stdin: Readable.from("read\n") }, { env }]) {
        await using root = await TestRoot.open();
        const outcome = await ready.run(step(root, script, { ...changes, started }));
        const read = "stdin" in changes ? "read\n" : "";
        assert.include(outcome, { code: 0, stdout: `100000 100000\n${read}`, stderr: "said\n" });
      }
      for (const [user, script, want] of [
        ["nobody-knows", "true", "USER_NOT_FOUND"],
        ["", "exit 3", 3],
      ] as const) {
        await using root = await TestRoot.open();
        const ended = ready.run(step(root, script, { user, started }));
        assert.equal(await ended.then(({ code }) => code, errorCode), want);
        await ready.executor.getReady(common);
      }
      await ready.executor[Symbol.asyncDispose]();
      assert.isEmpty((await commands()).filter((command) => command.includes(ready.work)));
    });

    it("run(): gives later steps the names of hosts as they are, whatever an insecure one does", async () => {
      await using shared = await TestExecutor.open({ runtime });
      const told: string[] = [];
      const change = "mount -o remount,bind,rw /etc/hosts && echo changed >>/etc/hosts; ";
      for (const security of ["sandbox", "insecure", "sandbox"] as const) {
        await using root = await TestRoot.open();
        const script = `${security === "insecure" ? change : ""}cat /etc/hosts`;
        told.push((await shared.run(step(root, script, { security }))).stdout);
      }
      const [before = "", between, after] = told;
      assert.match(before, /^127\.0\.0\.1\s.*buildkitsandbox$/m);
      assert.strictEqual(between, `${before}changed\n`);
      assert.strictEqual(after, before);
    });

    it("run(): filters the same system calls when the filter is known from the first step", async () => {
      await using fresh = await TestExecutor.open({ runtime });
      for (const _time of ["first", "second"]) {
        await using root = await TestRoot.open();
        const script = "unshare -U true 2>&1; grep Seccomp: /proc/self/status";
        const { stdout } = await fresh.run(step(root, script));
        assert.match(stdout, /Operation not permitted\nSeccomp:\t2\n$/);
      }
    });

    it("run(): ends every process of an aborted step", async () => {
      const marker = `9${Date.now()}`;
      const abort = new AbortController();
      await using root = await TestRoot.open();
      const running = executor.run(step(root, `sleep ${marker} & sleep ${marker}`), abort.signal);
      await until(async () => (await commands()).includes(`sleep ${marker}`));
      abort.abort(new Error("enough"));
      assert.propertyVal(await failure(running), "message", "enough");
      assert.notInclude(await commands(), `sleep ${marker}`);
      assert.isEmpty(await leftovers(executor.work));
      assert.deepEqual(await root.changed(), ["dev", "proc", "sys"]);
    });

    it("run(): ends every process of a step when the engine is killed", async () => {
      const marker = `8${Date.now()}`;
      const temporary = await mkdtemp(join(tmpdir(), "tsbuild-killed-"));
      // In a mount namespace of its own, as bin/tsbuild puts it.
      const argv = ["--mount", "node", "--import", "tsx", ENGINE, runtime, `sleep ${marker}`];
      const environment = { PATH: SEARCH_PATH, TMPDIR: temporary };
      const engine = spawn("unshare", argv, { stdio: "inherit", env: environment });
      await until(async () => (await commands()).includes(`sleep ${marker}`));
      engine.kill("SIGKILL");
      const isOurs = (line: string): boolean => line.includes(marker) || line.includes(temporary);
      await until(async () => !(await commands()).some(isOurs));
      await rm(temporary, { recursive: true }); // fails while anything is mounted in it
      await using next = await TestExecutor.open({ runtime });
      await using root = await TestRoot.open();
      await next.run(step(root, "true"));
      assert.isEmpty(await cgroupsOf(engine.pid ?? 0));
    });
  });
}

/** What a vendor's file would say of a device: a node, a variable, a file of the host and a group. */
async function gadget(node: object = { hostPath: "/dev/zero" }): Promise<DeviceEdits> {
  const containerEdits = {
    env: ["GADGET=yes"],
    deviceNodes: [{ path: "/dev/gadget", ...node }],
    mounts: [{ hostPath: "/etc/hostname", containerPath: "/opt/x/name", options: ["ro"] }],
    additionalGids: [9],
  };
  const spec = { cdiVersion: "0.7.0", kind: "acme.com/gadget", devices: [] };
  return await editsOf([{ name: "acme.com/gadget=a", entry: { name: "a", containerEdits }, spec }]);
}

/** The command lines of every process in sight. */
function errorCode(error: unknown): string | undefined {
  return error instanceof BuildError ? error.code : undefined;
}

async function commands(): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
  return (await Promise.all(lines)).map((line) => line.split("\0").join(" ").trim());
}

/** What a step left of itself in the executor's directory. */
async function leftovers(work: string): Promise<readonly string[]> {
  const entries = await readdir(work, { recursive: true });
  return entries.filter((name) => /^(step-|runtime\/.)/.test(name) && !/\.cache/.test(name));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => assert.fail("it should have failed"),
    (error: unknown) => error,
  );
}
