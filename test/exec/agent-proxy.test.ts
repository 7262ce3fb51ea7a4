import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { lstat, mkdir, mkdtemp, open, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { AgentProxy, Requests } from "../../src/exec/agent-proxy.js";
import { KeyAgent } from "../../src/exec/key-agent.js";
import { findProgram, SEARCH_PATH } from "../../src/exec/runtime.js";
import { failureOf } from "../oci/build-errors.js";

describe("AgentProxy", () => {
  let work: string;
  let key: string;

  before(async () => {
    // longer than a socket's path may be
    work = join(await mkdtemp(join(tmpdir(), "tsbuild-agent-")), "x".repeat(100));
    await mkdir(work);
    key = join(work, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", `${key}-locked`]);
  });
  after(async () => rm(join(work, ".."), { recursive: true }));

  /** Asks the socket, and answers what it said first. */
  async function ask(path: string, request: readonly number[]): Promise<Buffer> {
    await using directory = await open(join(path, ".."));
    const socket = connect(`/proc/self/fd/${directory.fd}/socket`);
    socket.write(Buffer.from(request));
    const answer = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    socket.destroy();
    return answer;
  }

  const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

  it("R09 passes on the list of keys, and refuses to change them", async () => {
    await using agent = await KeyAgent.start([key], { work, searchPath: undefined });
    const options = { work, agent: agent.socket, uid, gid, mode: 0o600 };
    await using proxy = await AgentProxy.open(options);
    assert.strictEqual((await lstat(proxy.path)).mode & 0o777, 0o600);
    const keys = await ask(proxy.path, [0, 0, 0, 1, 11]);
    assert.include(keys.toString("latin1"), "ssh-ed25519");
    for (const change of [17, 18, 19, 22, 23, 25, 27]) {
      assert.deepStrictEqual([...(await ask(proxy.path, [0, 0, 0, 1, change]))], [0, 0, 0, 1, 5]);
    }
  });

  it("R09 hears no more of a step while the agent, or the step itself, takes nothing", async () => {
    const [LIST, ADD] = [11, 17];
    for (const type of [LIST, ADD]) {
      const idle = join(await mkdtemp(join(tmpdir(), "tsbuild-idle-")), "agent");
      let takes: Socket | undefined;
      const server = createServer((socket) => (takes = socket)).listen(idle);
      {
        await using proxy = await AgentProxy.open({ work, agent: idle, uid, gid, mode: 0o600 });
        await using directory = await open(join(proxy.path, ".."));
        const step = connect(`/proc/self/fd/${directory.fd}/socket`);
        const flood = Buffer.from([0, 0, 0, 1, type])
          .toString("latin1")
          .repeat(1 << 18);
        let isHeard = false;
        const heard = new Promise<void>((resolve) => {
          step.write(flood, "latin1", () => {
            isHeard = true;
            resolve();
          });
        });
        for (let turn = 0; turn < 2000; turn++) await setImmediate();
        assert.isFalse(isHeard);
        takes?.resume();
        step.resume();
        await heard;
        step.destroy();
      }
      server.close();
      await rm(join(idle, ".."), { recursive: true });
    }
  });

  it("R09 leaves nothing behind", async () => {
    const before = await readdir(work);
    {
      await using agent = await KeyAgent.start([key], { work, searchPath: undefined });
      await using _proxy = await AgentProxy.open({
        work,
        agent: agent.socket,
        uid,
        gid,
        mode: 0o666,
      });
    }
    assert.deepStrictEqual(await readdir(work), before);
  });

  it("F30 says that a key has a passphrase, and ends its agent", async () => {
    const before = await readdir(work);
    const starting = KeyAgent.start([`${key}-locked`], { work, searchPath: undefined });
    const error = await failureOf(starting, "USAGE");
    assert.include(error.message, "it has a passphrase");
    assert.deepStrictEqual(await readdir(work), before);
  });

  it("F30 waits for an agent that listens, not only for its socket", async () => {
    const bin = join(work, "bin");
    await mkdir(bin);
    const slow = `#!/usr/bin/perl
use Socket;
socket(my $socket, AF_UNIX, SOCK_STREAM, 0);
bind($socket, sockaddr_un($ARGV[-1]));
select(undef, undef, undef, 0.2);
unlink $ARGV[-1];
$ENV{PATH} = "${SEARCH_PATH}";
exec "ssh-agent", @ARGV;`;
    await writeFile(join(bin, "ssh-agent"), slow, { mode: 0o755 });
    await using agent = await KeyAgent.start([key], { work, searchPath: `${bin}:${SEARCH_PATH}` });
    await using proxy = await AgentProxy.open({ work, agent: agent.socket, uid, gid, mode: 0o600 });
    const keys = await ask(proxy.path, [0, 0, 0, 1, 11]);
    assert.include(keys.toString("latin1"), "ssh-ed25519");
  });

  it("F30 says what to install where there is no ssh-agent, or no ssh-add", async () => {
    const starting = KeyAgent.start([key], { work, searchPath: "/nowhere:/usr/bin/none" });
    await failureOf(starting, "UNSUPPORTED");
    const some = join(work, "without-ssh-add");
    await mkdir(some);
    for (const name of ["setpriv", "sh", "ssh-agent"])
      await symlink(findProgram(name, SEARCH_PATH) ?? "", join(some, name));
    const { message, hint } = await failureOf(
      KeyAgent.start([key], { work, searchPath: some }),
      "UNSUPPORTED",
    );
    assert.include(message, "ssh-add did not start");
    assert.include(hint ?? "", "install");
  });
});

describe("Requests", () => {
  it("finds the same requests however the stream is cut", () => {
    const request = fc.uint8Array({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(request), fc.array(fc.nat(200)), (bodies, cuts) => {
        const wanted = bodies.map((body) => {
          const length = Buffer.alloc(4);
          length.writeUInt32BE(body.byteLength);
          return Buffer.concat([length, body]);
        });
        const stream = Buffer.concat(wanted);
        const requests = new Requests();
        const ends = [...cuts.filter((cut) => cut < stream.byteLength), stream.byteLength];
        let from = 0;
        const found = ends
          .sort((a, b) => a - b)
          .flatMap((end) => requests.add(stream.subarray(from, (from = end))));
        assert.deepStrictEqual(found, wanted);
      }),
    );
  });

  it("gives up at a message that no agent would take", () => {
    assert.deepStrictEqual(new Requests().add(Buffer.from([0xff, 0, 0, 0])), ["too long"]);
  });
});
