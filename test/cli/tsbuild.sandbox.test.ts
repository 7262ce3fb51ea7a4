import { assert } from "chai";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isUserNamespace } from "../../src/cli/namespace.js";

/** Stands in for the program: tells where it is, or does what the test needs. */
const program = `
  const fs = require("node:fs");
  const [, , ...argv] = process.argv;
  if (argv[0] === "wait") { console.log("ready"); setInterval(() => {}, 1000); }
  else if (argv[0] === "exit") process.exit(Number(argv[1]));
  else {
    if (argv[0] === "mount") require("node:child_process").execFileSync("mount", ["-t", "tmpfs", "x", argv[1]]);
    console.log(JSON.stringify({
      argv,
      uid: process.getuid(),
      map: fs.readFileSync("/proc/self/uid_map", "latin1").trim().split("\\n").length,
      setgroups: fs.readFileSync("/proc/self/setgroups", "latin1").trim(),
      mnt: fs.readlinkSync("/proc/self/ns/mnt"),
      pid: process.pid,
      certificates: [process.env.NODE_EXTRA_CA_CERTS, process.env.TSBUILD_EXTRA_CA_CERTS],
    }));
  }`;

interface Report {
  readonly argv: readonly string[];
  readonly uid: number;
  readonly map: number;
  readonly setgroups: string;
  readonly mnt: string;
  readonly pid: number;
  readonly certificates: readonly (string | null)[];
}

/** A user that /etc/subuid names, if there is one. */
function userWithRanges(): { readonly uid: number; readonly gid: number } | undefined {
  const users = readFileSync("/etc/passwd", "utf8");
  for (const [, name = ""] of readFileSync("/etc/subuid", "utf8").matchAll(/^([a-z][\w-]*):/gm)) {
    const [, uid, gid] = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, "m").exec(users) ?? [];
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** No user of this machine has subordinate ids: scripts/test.sh makes one, and CI counts a skip as a failure. */
function skipWithoutRanges(context: Mocha.Context): never {
  return context.skip();
}

describe("bin/tsbuild", () => {
  let home: string;
  let tsbuild: string;

  before(() => {
    home = mkdtempSync(join(tmpdir(), "tsbuild-bin-"));
    chmodSync(home, 0o755);
    cpSync("bin", join(home, "app/bin"), { recursive: true });
    mkdirSync(join(home, "app/dist"));
    writeFileSync(join(home, "app/dist/tsbuild.cjs"), program);
    tsbuild = join(home, "app/bin/tsbuild");
  });

  after(() => {
    rmSync(home, { recursive: true, force: true });
  });

  function run(command: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
    return spawnSync(command, argv, { encoding: "utf8", env: { ...process.env, ...env } });
  }

  function report(command: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}): Report {
    const { stdout, stderr } = run(command, argv, env);
    assert.strictEqual(stderr, "");
    return JSON.parse(stdout) as Report;
  }

  /** A tsbuild whose script was changed, to see it on a machine that is different. */
  function changed(from: string, to: string): string {
    const text = readFileSync(tsbuild, "utf8");
    assert.include(text, from);
    const file = join(home, "app/bin/changed");
    writeFileSync(file, text.replaceAll(from, to), { mode: 0o755 });
    return file;
  }

  /** As an ordinary user, which inside the tests' user namespace root can only play. */
  function asUser(script: string): ReturnType<typeof run> {
    const user = changed("Uid:) uid=$second_field", "Uid:) uid=12345");
    writeFileSync(join(home, "subuid"), "other:100000:65536\nlast:200000:65536");
    const text = readFileSync(user, "utf8").replaceAll("/etc/sub", join(home, "sub"));
    cpSync(join(home, "subuid"), join(home, "subgid"));
    writeFileSync(user, text.replace("set -- node", `${script}\nset -- node`));
    return run(user, ["."], { USER: "someone" });
  }

  it("enters a mount namespace as root, with every argument as it was", () => {
    const { argv, uid, mnt, setgroups } = report(tsbuild, ["a b", "", "*", "$x"]);
    assert.deepStrictEqual(argv, ["a b", "", "*", "$x"]);
    assert.strictEqual(uid, 0);
    assert.notStrictEqual(mnt, readlinkSync("/proc/self/ns/mnt"));
    assert.strictEqual(setgroups, "allow");
  });

  // in a user namespace nobody has ranges of his own: the run as root tests this
  if (!isUserNamespace(readFileSync("/proc/self/uid_map", "latin1"))) {
    const ways = [
      { name: "over pipes of the shell", find: "[ -p /proc/self/fd/4 ]", put: "true" },
      { name: "over named pipes", find: "[ -p /proc/self/fd/4 ]", put: "false" },
    ];
    for (const { name, find, put } of ways) {
      it(`maps an ordinary user's ids ${name}`, function () {
        const user = userWithRanges() ?? skipWithoutRanges(this);
        const { stdout, stderr } = spawnSync(changed(find, put), ["."], {
          ...user,
          encoding: "utf8",
        });
        assert.strictEqual(stderr, "");
        const { uid, map, setgroups } = JSON.parse(stdout) as Report;
        const want = { uid: 0, map: 2, setgroups: "allow" };
        assert.deepStrictEqual({ uid, map, setgroups }, want);
      });
    }

    it("leaves no helper behind when it is killed before its ids are mapped", function () {
      const user = userWithRanges() ?? skipWithoutRanges(this);
      const killed = changed("exec unshare --user", "kill -KILL $$$$; exec unshare --user");
      const { signal, error } = spawnSync(killed, ["."], { ...user, timeout: 20_000 });
      assert.strictEqual(signal, "SIGKILL");
      assert.isUndefined(error, "the helper has the pipes, and goes on");
    });
  }

  it("leaves no mount outside", () => {
    const target = join(home, "target");
    mkdirSync(target);
    report(tsbuild, ["mount", target]);
    assert.notInclude(readFileSync("/proc/self/mountinfo", "utf8"), target);
  });

  for (const argv of [[], ["version"], ["--help"], ["build", "--help"]]) {
    it(`starts node directly for "${argv.join(" ")}"`, () => {
      const { mnt } = report(tsbuild, argv);
      assert.strictEqual(mnt, readlinkSync("/proc/self/ns/mnt"));
    });
  }

  it("finds its program through symlinks, relative ones too", () => {
    mkdirSync(join(home, "links"));
    symlinkSync("../app/bin/tsbuild", join(home, "links/first"));
    symlinkSync(join(home, "links/first"), join(home, "second"));
    assert.deepStrictEqual(report(join(home, "second"), ["version"]).argv, ["version"]);
    const fromInside = spawnSync("sh", ["tsbuild", "version"], { cwd: join(home, "app/bin") });
    assert.strictEqual(fromInside.status, 0, fromInside.stderr.toString());
  });

  it("keeps the certificate bundle from node, and hands it on", () => {
    const env = { NODE_EXTRA_CA_CERTS: "/etc/ca.pem" };
    assert.deepStrictEqual(report(tsbuild, ["version"], env).certificates, [null, "/etc/ca.pem"]);
  });

  it("passes the exit code on", () => {
    assert.strictEqual(run(tsbuild, ["exit", "70"]).status, 70);
  });

  it("is node itself, so that signals reach it", async () => {
    const child = spawn(tsbuild, ["wait"], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    const [code, signal] = (await once(child, "close")) as unknown[];
    assert.deepStrictEqual([code, signal], [null, "SIGTERM"]);
  });

  const messages: readonly (readonly [string, () => ReturnType<typeof run>, RegExp])[] = [
    [
      "a missing build",
      () => run(changed("dist/tsbuild.cjs", "dist/none.cjs"), ["."]),
      /^ERROR: Cannot start: ".*\/dist\/none.cjs" is missing\nhint: npm run build\n$/,
    ],
    [
      "a missing Node",
      () => run(changed("command -v node", "command -v no-such-node"), ["."]),
      /^ERROR: Cannot start: Node is not installed\nhint: tsbuild needs Node 20.19 or newer/,
    ],
    [
      "root without capabilities",
      () => run(changed("capabilities=$first_field", "capabilities=00000000a80425fb"), ["."]),
      /^ERROR: Cannot start: root may not mount here \(CAP_SYS_ADMIN is missing\)\nhint: in a cont/,
    ],
    [
      "missing ranges, with the command that adds free ones",
      () => asUser("id() { echo someone; }"),
      /^ERROR: Cannot start: user "someone" has no subordinate ids in \/.*subuid\nhint: sudo usermod --add-subuids 265536-331071 --add-subgids 265536-331071 someone\n$/,
    ],
    [
      "a missing newuidmap",
      () => asUser('command() { [ "$2" != newuidmap ]; }'),
      /^ERROR: Cannot start: newuidmap is not installed\nhint: sudo apt-get install uidmap\n$/,
    ],
    [
      "forbidden user namespaces",
      () => asUser("switch_is() { :; }"),
      /^ERROR: Cannot start: this machine forbids user namespaces to ordinary users\nhint: sudo sysctl/,
    ],
  ];
  for (const [name, act, want] of messages) {
    it(`explains ${name}`, () => {
      const { status, stderr } = act();
      assert.match(stderr, want);
      assert.strictEqual(status, 1);
    });
  }

  it("explains a Node that is too old", () => {
    const loader = readFileSync("scripts/loader.cjs", "utf8");
    const old = `Object.defineProperty(process, "versions", { value: { node: "18.20.4" } });${loader}`;
    const { status, stderr } = run(process.execPath, ["--eval", old]);
    assert.match(stderr, /^ERROR: Cannot start: Node 18.20.4 is too old\nhint: tsbuild needs/);
    assert.strictEqual(status, 1);
  });
});
