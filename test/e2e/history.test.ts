import { assert } from "chai";
import { setTimeout } from "node:timers/promises";
import type { BuildRecord } from "../../src/progress/history/build-history.js";
import type { StepReport } from "../../src/progress/history/step-report.js";
import { outcome, program, start } from "./support/run.js";
import { describeForAccounts, type Site } from "./support/site.js";

type Report = Pick<BuildRecord, "end" | "id" | "status"> & {
  readonly steps: readonly StepReport[];
};

async function reportOf(site: Site, build: string): Promise<Report> {
  const { stdout } = await site.ok(["history", "inspect", build, "--format=json"]);
  return JSON.parse(stdout) as Report;
}

describeForAccounts(
  "the history of builds",
  (site) => {
    const Dockerfile = `FROM busybox
ARG V=1
ARG API_TOKEN
COPY f /
RUN echo "version $V" && echo $API_TOKEN | md5sum && cat /f
RUN echo after`;

    it("V02 tells of each build what ran and why, and keeps what it wrote, but no secret", async () => {
      const context = site.context({ Dockerfile, f: "one\n" });
      const flags = ["--secret=id=s,env=HUSH", "--build-arg=API_TOKEN=hunter2", "-t", "kept"];
      const { stderr } = await site.ok([...flags, context], { env: { HUSH: "hunter3" } });
      assert.match(stderr, /\nBuilt in \d+\.\ds: 0 steps cached, 3 run, [\d.]+kB written\n$/);
      site.write(context, { f: "two\n" });
      for (const _again of [1, 2])
        await site.ok(["--build-arg=V=2", ...flags, context], { env: { HUSH: "hunter3" } });

      const [last, changed, first] = [
        await reportOf(site, "^0"),
        await reportOf(site, "^1"),
        await reportOf(site, "^2"),
      ];
      assert.deepStrictEqual(
        [last, changed, first].map(({ steps }) => steps.map((step) => step.outcome)),
        [
          ["cached", "cached", "cached"],
          ["done", "done", "done"],
          ["done", "done", "done"],
        ],
      );
      assert.isAbove(last.end?.totals.savedMs ?? 0, 0);
      assert.deepStrictEqual(
        changed.steps.map(({ reason }) => reason?.text),
        [
          "f changed",
          "ARG V changed from 1 to 2, parent changed at COPY f /",
          "ARG V changed from 1 to 2, parent changed at COPY f /",
        ],
      );
      const { stdout: told } = await site.ok(["explain", ":5", "--build", changed.id]);
      assert.include(told, "  ARG V changed\n    before: 1\n    after:  2\n");
      const { stdout: log } = await site.ok(["log", changed.id, ":5"]);
      assert.match(log, /^version 2\n[0-9a-f]{32}\s.*\ntwo\n$/s);
      const { stdout: cached } = await site.ok(["explain", ":5"]);
      assert.match(cached, /since RUN echo "version 2" .* was run .* ago \(\d+\.\ds\)\n/);
      for (const command of [["history", "logs"], ["history", "inspect"], ["explain"]]) {
        const { stdout } = await site.ok(command);
        assert.notMatch(stdout, /hunter/);
      }
    });

    it("V02 keeps a build that fails with its place, and one that is killed as interrupted", async () => {
      const failing = site.context({ Dockerfile: "FROM busybox\nRUN echo why >&2; exit 7\n" });
      assert.strictEqual((await site.tsbuild([failing])).code, 1);
      const { steps, end, status } = await reportOf(site, "^0");
      assert.deepStrictEqual([status, steps[0]?.outcome], ["error", "failed"]);
      assert.match(
        end?.error ?? "",
        /^Dockerfile:2:1: Cannot run .* exit code: 7\n {2}2 \| RUN echo/,
      );
      assert.strictEqual((await site.ok(["log", ":2"])).stdout, "why\n");

      const endless = site.context({ Dockerfile: "FROM busybox\nRUN echo begun; sleep 600\n" });
      const child = start(site.account, [program, endless], { env: site.env() });
      const done = outcome(child);
      const running = async (): Promise<string | undefined> => {
        const { stdout } = await site.ok(["history", "builds", "--format={{.ID}} {{.Status}}"]);
        return /^(\w+) Running$/m.exec(stdout)?.[1];
      };
      let id: string | undefined;
      while ((id = await running()) === undefined) await setTimeout(50);
      while ((await site.ok(["history", "logs", id])).stdout.match(/begun$/m) === null)
        await setTimeout(50);
      child.kill("SIGKILL");
      await done;
      const killed = await reportOf(site, id);
      assert.deepStrictEqual([killed.status, killed.steps[0]?.outcome], ["interrupted", "open"]);
      assert.strictEqual((await site.ok(["log", id, "2"])).stdout, "begun\n");
    });
  },
  { own: true },
);
