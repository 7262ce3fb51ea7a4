import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { outcome, program, start } from "./support/run.js";
import { describeForAccounts, type Site } from "./support/site.js";

describeForAccounts(
  "images over their life",
  (site) => {
    it("are exported as flat archives, imported again, and compared", async () => {
      const Dockerfile = "FROM busybox\nRUN echo x >/srv-x && rm -r /tmp && chmod 700 /etc\nCMD a";
      await site.ok(["-q", "-t", "changed", site.context({ Dockerfile })]);
      const differences = (await site.ok(["diff", "changed"])).stdout;
      assert.strictEqual(differences, "A /dev\nC /etc\nA /proc\nA /srv-x\nA /sys\nD /tmp\n");
      assert.strictEqual((await site.ok(["diff", "changed", "busybox"])).stdout, differences);
      const lost = await site.tsbuild(["diff", "busybox"]);
      assert.match(lost.stderr, /^ERROR: Cannot compare "busybox": its base is not in the store\n/);

      await site.ok(["export", "-o", "flat.tar", "changed"]);
      const names = execFileSync("tar", ["-tf", join(site.directory, "flat.tar")], {
        encoding: "utf8",
      });
      assert.match(names, /^srv-x$/m);
      assert.notMatch(names, /^tmp\/$/m);
      execFileSync("xz", ["-k", "-0", join(site.directory, "flat.tar")]);
      const flags = ["-c", 'ENTRYPOINT ["cat"]', "-c", "ENV A=1", "-m", "again"];
      const id = (await site.ok(["import", ...flags, "flat.tar.xz", "flat"])).stdout.trim();
      const format = "{{.Id}} {{.Config.Env}} {{.Comment}} {{len .RootFS.Layers}}";
      const told = (await site.ok(["inspect", "-f", format, "flat"])).stdout;
      assert.strictEqual(told, `${id} [A=1] again 1\n`);
      assert.strictEqual((await site.ok(["run", "--rm", "flat", "/srv-x"])).stdout, "x\n");
      assert.strictEqual((await site.ok(["diff", "flat", "changed"])).stdout, "");
    });

    it("are run with docker's exit codes", async () => {
      const codes: readonly (readonly [code: number, ...argv: readonly string[]])[] = [
        [7, "busybox", "sh", "-c", "exit 7"],
        [125, "--nope", "busybox"],
        [125, "-t", "busybox"],
        [126, "busybox", "/etc"],
        [127, "busybox", "/no/such/program"],
      ];
      for (const [code, ...argv] of codes) {
        const result = await site.tsbuild(["run", "--network=none", ...argv]);
        assert.strictEqual(result.code, code, `${argv.join(" ")}\n${result.stderr}`);
      }
    });

    it("K28 stay within a limit with all that made them, cache mounts included", async () => {
      const limit = 30_000_000;
      await site.ok(["prune"]);
      await site.ok(["rmi", "-f", "flat", "changed"]);
      const fill = "dd if=/dev/urandom bs=1M count=8 of";
      const Dockerfile = `FROM busybox
ARG turn
RUN --mount=type=cache,target=/c,id=big ${fill}=/c/$turn 2>/dev/null
RUN ${fill}=/layer 2>/dev/null`;
      const context = site.context({ Dockerfile });
      const env = { TSBUILD_MAX_USED_SPACE: String(limit), XDG_CONFIG_HOME: "gc" };
      site.write("gc/tsbuild", { "config.json": '{ "gc": { "minFreeSpace": 0 } }' });
      for (const turn of ["1", "2", "3"]) {
        await site.ok(["-q", "-t", "kept", "--build-arg", `turn=${turn}`, context], { env });
        const sizes = (await site.ok(["du", "--format", "json"])).stdout;
        assert.isAtMost(totalOf(sizes), limit, sizes);
      }
      assert.strictEqual(await site.look("kept", "stat -c %s /layer"), "8388608\n");
    });

    it("K29 are not taken from a build that runs, but when it was killed", async () => {
      const wait = ">/c/begun; until [ -e /c/go ]; do sleep 0.1; done";
      const Dockerfile = `FROM busybox
RUN echo mine >/own
ARG turn
RUN --mount=type=cache,target=/c,id=$turn ${wait}; cat /own >/copy`;
      const argv = (turn: string): readonly string[] => {
        const flags = ["-q", "-t", "used", "--build-arg", `turn=${turn}`];
        return [program, ...flags, site.context({ Dockerfile })];
      };
      const begin = (turn: string) =>
        start(site.account, argv(turn), { cwd: site.directory, env: site.env() });
      await site.ok(["prune", "--filter", "type=exec.cachemount"]);

      const build = begin("lives");
      const ending = outcome(build);
      const cache = await cacheThatHas("begun", site);
      assert.match((await site.ok(["du", "--filter", "inuse"])).stdout, /^\w{6} +regular +false /m);
      await site.ok(["prune", "--all"]);
      writeFileSync(join(cache, "go"), "");
      const { code, stderr } = await ending;
      assert.strictEqual(code, 0, stderr);
      assert.strictEqual(await site.look("used", "cat /copy"), "mine\n");

      await site.ok(["prune", "--filter", "type=exec.cachemount"]);
      const doomed = begin("dies");
      const ended = outcome(doomed);
      await cacheThatHas("begun", site);
      doomed.kill("SIGKILL");
      await ended;
      await site.ok(["prune", "--all"]);
      const rest = ["du", "--filter", "id!=database", "--filter", "id!=builds"];
      assert.match((await site.ok(rest)).stdout, /^Total: +0B$/m);
      assert.isEmpty(site.work());
    });
  },
  { own: true },
);

/** The directory of the only cache mount, once a step has put that file there. */
async function cacheThatHas(name: string, { root }: Site): Promise<string> {
  for (;;) {
    const [cache] = readdirSync(join(root, "mounts"));
    if (cache !== undefined && existsSync(join(root, "mounts", cache, name))) {
      return join(root, "mounts", cache);
    }
    await sleep(20);
  }
}

/** In bytes. */
function totalOf(lines: string): number {
  const units = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 } as const;
  let total = 0;
  for (const line of lines.trim().split("\n")) {
    const { Size } = JSON.parse(line) as { readonly Size: string };
    const [, number = "", unit = "B"] = /^([\d.]+)(\w+)/.exec(Size) ?? [];
    total += Number(number) * units[unit as keyof typeof units];
  }
  return total;
}
