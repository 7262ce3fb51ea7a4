import { assert } from "chai";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeCgroup } from "../../src/exec/cgroups.js";
import { accountOf } from "./support/account-of.js";
import { testsRunAsRoot } from "./support/accounts.js";
import { skipBecause } from "./support/needs.js";
import { program, run, type Result } from "./support/run.js";
import { describeForAccounts, type Site } from "./support/site.js";

const root = accountOf("root");
/** As in containers, but for privileged ones. */
const readonlyCgroups =
  'for tree in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,ro "$tree"; done 2>&-';
const maskedProc = "mount --bind /dev/null /proc/timer_list";

/** Builds where root has done `scene` in a mount namespace before. */
async function buildAfter(scene: string, site: Site, argv: readonly string[]): Promise<Result> {
  const { uid, gid, name, home, env: own } = site.account;
  const become = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  const shell = ["sh", "-c", `${scene}; exec "$@"`, "scene", ...become, program, ...argv];
  const env = { ...own, ...site.env(), HOME: home, USER: name };
  return await run(root, ["unshare", "--mount", "--propagation=private", ...shell], { env });
}

describeForAccounts("in a container", (site) => {
  before(function () {
    if (!testsRunAsRoot) skipBecause(this, "only root can mount what containers have");
  });

  const Dockerfile = "FROM busybox\nRUN echo $$ >/made; mknod /disk b 8 0; cat /disk || id -u";

  it("R16 runs steps without cgroups of their own where those are read-only", async function () {
    const devices = "/sys/fs/cgroup/devices";
    if (!existsSync(join(devices, "devices.list"))) skipBecause(this, "no cgroups v1");
    const group = join(devices, "tsbuild-e2e");
    mkdirSync(group, { recursive: true });
    try {
      writeFileSync(join(group, "devices.deny"), "b *:* rw"); // as any container does
      const scene = `echo 0 >${group}/tasks; ${readonlyCgroups}`;
      const context = site.context({ Dockerfile });
      const { code, stderr } = await buildAfter(scene, site, ["--progress=plain", context]);
      assert.strictEqual(code, 0, stderr);
      assert.match(stderr, /disk'?: (?:Operation not permitted|No such file)/);
      const limited = await buildAfter(scene, site, ["--memory=64m", "--no-cache", context]);
      assert.match(limited.stderr, /^Dockerfile:2:1: Cannot limit the step: /m);
      assert.strictEqual(limited.code, 1);
    } finally {
      await removeCgroup(group);
    }
  });

  it("builds as process 1, and as root of a user namespace", async () => {
    const user = site.account.uid === 0 ? [] : ["--user", "--map-auto", "--map-root-user"];
    const namespaces = [...user, "--mount", "--pid", "--fork", "--mount-proc"];
    const build = [program, "--no-cache", site.context({ Dockerfile })];
    const env = site.env();
    const { code, stderr } = await run(site.account, ["unshare", ...namespaces, ...build], { env });
    assert.strictEqual(code, 0, stderr);
  });

  it("R16 lets no step of root near the disks where nothing else forbids it", async () => {
    const context = site.context({ Dockerfile });
    const { code, stderr } = await buildAfter(readonlyCgroups, site, ["--no-cache", context]);
    if (site.account.uid !== 0) assert.strictEqual(code, 0, stderr);
    else assert.match(stderr, /^Dockerfile:2:1: Cannot run steps: .*disks\n(?:.*\n){2}hint: /m);
  });

  it("says what a user needs where parts of /proc are masked", async () => {
    const context = site.context({ Dockerfile: "FROM busybox\nRUN true" });
    const { code, stderr } = await buildAfter(maskedProc, site, ["--no-cache", context]);
    if (site.account.uid === 0) assert.strictEqual(code, 0, stderr);
    else assert.match(stderr, /^hint: in a container: .*systempaths=unconfined$/m);
  });

  it("says that a user's newuidmap gets no privileges", async () => {
    const argv = ["setpriv", "--no-new-privs", program, "images"];
    const { code, stderr } = await run(site.account, argv, { env: site.env() });
    if (site.account.uid === 0) assert.strictEqual(code, 0, stderr);
    else
      assert.match(stderr, /^ERROR: Cannot start: newuidmap .*\nhint: in a container: allow it /);
  });
});
