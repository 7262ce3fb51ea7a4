import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { cgroupsOf } from "../exec/cgroups-of.js";
import { startRegistry, type RegistryServer } from "../registry/docker-registry.js";
import { layersOf } from "./support/inspect.js";
import { assertNothingLeft, markOf, processesOf, stepPrints } from "./support/processes.js";
import { outcome, program, start } from "./support/run.js";
import { describeForAccounts, type Site } from "./support/site.js";

/** Kills for each kind of work: spread over the time that the undisturbed work takes. */
const KILLS = 4;

interface Work {
  readonly name: string;
  /** What is killed. `attempt` makes each one new to the cache. */
  argv(site: Site, attempt: number): readonly string[];
  /** Makes the store forget what an earlier attempt may have finished. */
  forget?(site: Site): Promise<unknown>;
  /** Fails unless the work, now undisturbed, gives what it should. */
  check(site: Site, attempt: number): Promise<void>;
}

const big = Buffer.alloc(24 << 20, "0123456789abcdef");

/** A context whose copied files are new each time. */
function copying(site: Site, attempt: number): string {
  const files = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [`many/${i}`, `file ${i} of ${attempt}\n`]),
  );
  const Dockerfile = "FROM busybox\nCOPY big /big\nCOPY many /many/";
  site.write("copying", {
    Dockerfile,
    ...files,
    big: Buffer.concat([big, Buffer.from(`${attempt}`)]),
  });
  return join(site.directory, "copying");
}

/** `seconds`: how long the first step lasts after it said "held". */
function running(site: Site, attempt: number, seconds = 0.2): string {
  const script = `i=0; while [ $i -lt 300 ]; do echo ${attempt} $i >/out/$i; i=$((i+1)); done`;
  const Dockerfile = `FROM busybox
RUN : ${markOf(site)}; mkdir /out; ${script}; echo held; sleep ${seconds}
RUN : ${markOf(site)}; rm /out/7; cat /out/* | sort >/all`;
  site.write("running", { Dockerfile });
  return join(site.directory, "running");
}

let registry: RegistryServer | undefined;

const works: readonly Work[] = [
  {
    name: "RUN and its commit",
    argv: (site, attempt) => ["-t", "killed", running(site, attempt)],
    async check(site, attempt) {
      const script = `ls /out | wc -l; wc -l </all; grep -c '^${attempt} ' /all`;
      const counted = await site.look("killed", script);
      assert.deepStrictEqual(counted.trim().split("\n"), ["299", "299", "299"]);
    },
  },
  {
    name: "COPY",
    argv: (site, attempt) => ["-t", "killed", copying(site, attempt)],
    async check(site, attempt) {
      const script = "tail -c2 /big; wc -c </big; cat /many/* | grep -c 'of '";
      const seen = await site.look("killed", script);
      assert.match(seen, new RegExp(`${attempt}${big.length + String(attempt).length}\n200\n$`));
    },
  },
  {
    name: "an export",
    argv: (site) => ["-o", "type=oci,dest=exported.tar", copying(site, 0)],
    async check(site) {
      await site.ok(["load", "-q", "-i", "exported.tar"]);
    },
  },
  {
    name: "a pull",
    argv: () => ["pull", `${registry?.host ?? ""}/big:1`],
    async forget(site) {
      await site.tsbuild(["rmi", "-f", `${registry?.host ?? ""}/big:1`]);
      await site.tsbuild(["prune"]);
    },
    async check(site) {
      const image = `${registry?.host ?? ""}/big:1`;
      assert.lengthOf(await layersOf(site, image), 2);
      assert.strictEqual(await site.look(image, "wc -c </big"), `${big.length}\n`);
    },
  },
];

describeForAccounts(
  "a killed tsbuild",
  (site) => {
    before(async () => {
      registry = await startRegistry();
      const context = site.context({ Dockerfile: "FROM busybox\nCOPY big /", big });
      await site.ok(["-t", `${registry.host}/big:1`, "--push", context]);
    });

    after(async () => {
      await registry?.[Symbol.asyncDispose]();
    });

    for (const work of works) {
      it(`during ${work.name} leaves nothing behind, and the next one is right`, async () => {
        await work.forget?.(site);
        const begun = Date.now();
        await site.ok(work.argv(site, 0));
        await work.check(site, 0);
        const usual = Date.now() - begun;
        for (let attempt = 1; attempt <= KILLS; attempt++) {
          await work.forget?.(site);
          rmSync(join(site.directory, "exported.tar"), { force: true });
          await killAfter(site, work.argv(site, attempt), (usual * attempt) / (KILLS + 2));
          await assertNothingLeft(site);
          await site.ok(work.argv(site, attempt));
          await work.check(site, attempt);
          assert.isEmpty(site.work());
        }
      });
    }

    it("whose parent was killed ends by itself, and leaves nothing behind", async () => {
      const context = running(site, 99, 2);
      const argv = ["sh", "-c", '"$@"; true', "sh", program, "-t", "killed", context];
      const shell = start(site.account, argv, { cwd: site.directory, env: site.env() });
      const ended = once(shell, "exit"); // not "close": its pipes are ours to close
      await stepPrints(shell, "held");
      shell.kill("SIGKILL");
      shell.stdout?.destroy();
      shell.stderr?.destroy();
      await ended;
      await assertNothingLeft(site);
      await site.ok(["-t", "killed", context]);
      await works[0]?.check(site, 99);
      assert.isEmpty(site.work());
    });

    it("R19 by Ctrl-C ends with 130, and so does its step", async () => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        const script = `export MARK=${markOf(site)}-${signal}; trap '' INT TERM; echo held; sleep 300`;
        const context = site.context({ Dockerfile: `FROM busybox\nRUN ${script}` });
        const child = begin(site, [context]);
        const ending = outcome(child);
        await stepPrints(child, "held");
        child.kill(signal);
        const { code, stderr } = await ending;
        assert.strictEqual(code, 130, stderr);
        assert.include(stderr, `interrupted by ${signal}`);
        assert.notMatch(stderr, /^ +at |sigprocmask/m);
        await assertNothingLeft(site);
        assert.isEmpty(site.work());
      }
    });

    it("R19 gives back caches, secrets, agents, cgroups and sockets, whatever ends it", async () => {
      site.write("keys", {});
      const key = join(site.directory, "keys/id");
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
      chmodSync(key, 0o644);
      const limits = site.account.uid === 0 ? ["--memory=64m"] : []; // a cgroup of its own
      for (const signal of ["SIGINT", "SIGKILL"] as const) {
        const argv = holding(site, signal);
        const child = begin(site, ["--target=held", ...limits, ...argv]);
        const ending = outcome(child);
        await stepPrints(child, "held");
        assert.include(processesOf(site).join("\n"), "ssh-agent");
        child.kill(signal);
        const { code } = await ending;
        assert.strictEqual(code, signal === "SIGINT" ? 130 : undefined);
        await assertNothingLeft(site);
        if (signal === "SIGINT") {
          assert.isEmpty(site.work());
          assert.isEmpty(await cgroupsOf(child.pid ?? 0));
        }
        const { stderr } = await site.ok(["--progress=plain", "--target=next", ...argv]);
        assert.include(stderr, "OPENSSH PRIVATE KEY");
        assert.isEmpty(site.work());
        assert.isEmpty(await cgroupsOf(child.pid ?? 0));
      }
    });
  },
  { own: true },
);

/** A step that holds a cache and uses a secret and an agent, then waits, and one that only wants the cache. */
function holding(site: Site, turn: string): readonly string[] {
  const cache = "--mount=type=cache,id=r19,target=/c,sharing=locked";
  const given = "--mount=type=secret,id=s,required --mount=type=ssh,required";
  const use = `test -S $SSH_AUTH_SOCK && cat /run/secrets/s >/c/${turn}`;
  const held = `export MARK=${markOf(site)}; ${use} && echo held && sleep 300`;
  const context = site.context({
    Dockerfile: `FROM busybox AS held\nRUN ${cache} ${given} ${held}
FROM busybox AS next\nRUN ${cache} cat /c/${turn}`,
  });
  const key = join(site.directory, "keys/id");
  return [`--secret=id=s,src=${key}`, `--ssh=default=${key}`, context];
}

/** Starts tsbuild, kills it some milliseconds later, and waits until it is gone. */
async function killAfter(site: Site, argv: readonly string[], ms: number): Promise<void> {
  const child = begin(site, argv);
  child.stdout?.resume();
  child.stderr?.resume();
  const closed = once(child, "close");
  await setTimeout(ms);
  child.kill("SIGKILL");
  await closed;
}

function begin(site: Site, argv: readonly string[]): ReturnType<typeof start> {
  const options = { cwd: site.directory, env: site.env() };
  return start(site.account, [program, ...argv], options);
}
