import { assert } from "chai";
import { once } from "node:events";
import {
  access,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { TestRoot } from "./busybox-root.js";
import { step, TestExecutor, type Outcome } from "./sandbox.js";
import type { SandboxProcess } from "../../src/exec/executor.js";
import { LazyNetwork } from "../../src/exec/lazy-network.js";
import { startNetwork } from "../../src/exec/network.js";
import { findProgram, SEARCH_PATH } from "../../src/exec/runtime.js";

const outer = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

describe("Executor's networks", () => {
  let executor: TestExecutor;
  const warnings: string[] = [];

  before(async function () {
    if (outer === undefined) {
      console.log("skipped: this machine has no IPv4 address but its loopback's");
      this.skip();
    }
    await access("/dev/net/tun", constants.R_OK | constants.W_OK).catch(() => {
      console.log("skipped: this user may not open /dev/net/tun");
      this.skip();
    });
    executor = await TestExecutor.open({ warn: (message) => warnings.push(message) });
  });
  after(async () => executor[Symbol.asyncDispose]());

  async function fetchFrom(
    address: string,
    network: SandboxProcess["network"],
  ): Promise<Outcome & { readonly requests: number }> {
    let requests = 0;
    const server = createServer((socket) => {
      requests++;
      socket.once("data", () => socket.end("hello"));
    });
    server.listen(0, address);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await using root = await TestRoot.open();
    // Input stays open until the answer is there: the pasta of 2023-03 may lose one to a half-closed connection.
    const script = `mkfifo /in; nc -w 30 ${address} ${port} </in & exec 3>/in; echo hi >&3; wait $!`;
    const outcome = await executor.run(step(root, script, { network }));
    server.close();
    return { ...outcome, requests };
  }

  const cases = [
    { network: "default", address: outer ?? "", reaches: true },
    { network: "default", address: "127.0.0.1", reaches: false },
    { network: "host", address: "127.0.0.1", reaches: true },
    { network: "none", address: outer ?? "", reaches: false },
  ] as const;
  for (const { network, address, reaches } of cases) {
    const loopback = address === "127.0.0.1" ? "loopback" : "own address";
    it(`"${network}" ${reaches ? "reaches" : "does not reach"} the host's ${loopback}`, async () => {
      const { stdout, code, requests } = await fetchFrom(address, network);
      assert.deepEqual(
        { stdout, succeeded: code === 0, requests },
        { stdout: reaches ? "hello" : "", succeeded: reaches, requests: reaches ? 1 : 0 },
      );
    });
  }

  it("are one for all steps that share the default", async () => {
    const seen = await Promise.all(
      [1, 2].map(async () => {
        await using root = await TestRoot.open();
        const script = "readlink /proc/self/ns/net";
        return (await executor.run(step(root, script, { network: "default" }))).stdout;
      }),
    );
    assert.strictEqual(seen[0], seen[1]);
  });

  it("need no fallback here", () => {
    assert.deepEqual(warnings, []);
  });

  it("fall back to the host's, and say so once, without a helper", async () => {
    const said: string[] = [];
    const searchPath = await mkdtemp(join(tmpdir(), "tsbuild-path-"));
    for (const name of ["crun", "setpriv", "sh", "unshare", "true"]) {
      await symlink(findProgram(name, SEARCH_PATH) ?? "", join(searchPath, name));
    }
    await using bare = await TestExecutor.open({
      searchPath,
      warn: (message) => said.push(message),
    });
    for (let count = 0; count < 2; count++) {
      await using root = await TestRoot.open();
      const { stdout } = await bare.run(step(root, "ls /sys/class/net", { network: "default" }));
      assert.sameMembers(stdout.trim().split("\n"), await readdir("/sys/class/net"));
    }
    await rm(searchPath, { recursive: true });
    assert.deepEqual(said, [
      "Steps use the host's network, because no network of their own could be started: " +
        "pasta: not installed; slirp4netns: not installed",
    ]);
  });

  it("start ahead of the steps, which are told what fails there", async () => {
    const said: string[] = [];
    const file = join(await mkdtemp(join(tmpdir(), "tsbuild-network-")), "network");
    const open = (searchPath: string): LazyNetwork => {
      const files = { resolvConf: "/etc/resolv.conf", upstreamResolvConf: "/none" };
      return new LazyNetwork({ file, searchPath, ...files, warn: (message) => said.push(message) });
    };
    for (const isUsed of [false, true]) {
      await using network = open(SEARCH_PATH);
      network.getReady();
      network.getReady();
      if (!isUsed) continue;
      assert.include(await network.connect("host"), { network: "host", namespace: undefined });
      const connections = [await network.connect("default"), await network.connect("default")];
      for (const { namespace } of connections) assert.strictEqual(namespace, file);
    }
    await assertGone(file);
    for (const isUsed of [false, true]) {
      await using network = open("/none");
      network.getReady();
      if (isUsed) for (let count = 0; count < 2; count++) await network.connect("default");
      assert.lengthOf(said, isUsed ? 1 : 0);
    }
    await assertGone(file);
    await mkdir(file);
    {
      await using broken = open(SEARCH_PATH);
      broken.getReady();
      const error: unknown = await broken.connect("default").catch((reason: unknown) => reason);
      assert.propertyVal(error, "code", "EISDIR");
    }
    await rm(dirname(file), { recursive: true });
  });

  async function assertGone(file: string): Promise<void> {
    assert.deepEqual(await readdir(dirname(file)), []);
    assert.notInclude(await readFile("/proc/self/mounts", "utf8"), file);
  }

  it("are done without where the helper does not even start", async () => {
    const bin = await mkdtemp(join(tmpdir(), "tsbuild-path-"));
    const once = `#!/bin/sh\nrm "$0"; exec ${findProgram("unshare", SEARCH_PATH) ?? ""} "$@"`;
    await writeFile(join(bin, "unshare"), once, { mode: 0o755 });
    for (const name of ["rm", "true"])
      await symlink(findProgram(name, SEARCH_PATH) ?? "", join(bin, name));
    await symlink("/bin/true", join(bin, "pasta"));
    const options = { file: join(bin, "network"), searchPath: bin, forwardDns: false };
    const result = await startNetwork(options);
    assert.strictEqual(result, "pasta: did not start; slirp4netns: not installed");
    await rm(bin, { recursive: true });
  });
});
