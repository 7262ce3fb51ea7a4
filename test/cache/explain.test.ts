import { assert } from "chai";
import { explainMiss } from "../../src/cache/explain.js";
import { neverBuilt, pruned, type Change } from "../../src/cache/reason.js";
import { runKey } from "../../src/cache/run-key.js";
import { stateKey, type KeyComponent } from "../../src/cache/key.js";
import { shownComponents } from "../../src/cache/shown.js";
import type { RunStep } from "../../src/plan/step.js";

const step: RunStep = {
  kind: "run",
  title: "RUN make",
  at: { source: { name: "Dockerfile", text: "RUN make" }, start: 0, end: 8 },
  argv: ["make"],
  env: ["PATH=/bin", "VERSION=1"],
  proxyEnv: [],
  user: "",
  cwd: "/",
  network: "default",
  security: "sandbox",
  mounts: [],
  devices: [],
  script: undefined,
  written: { shell: [], line: "make", heredocs: [], args: ["VERSION"] },
};

function componentsOf(change: Partial<RunStep>, base = "sha256:0"): readonly KeyComponent[] {
  const parent = stateKey([base as never]);
  const changed = { ...step, ...change };
  const facts = {
    parent,
    platform: "linux/amd64",
    hostname: undefined,
    extraHosts: [],
    ulimits: [],
    shmSize: undefined,
    contents: [],
  };
  return shownComponents(changed, runKey(changed, facts).components);
}

const written = (line: string): RunStep["written"] => ({ ...step.written, line });
const token = ["API_TOKEN=abc", "URL=https://me:pass@host/"];

const cases: readonly { reason: string; change: Partial<RunStep>; base?: string }[] = [
  { reason: "ARG VERSION changed from 1 to 2", change: { env: ["PATH=/bin", "VERSION=2"] } },
  { reason: 'ENV PATH changed from /bin to "/b n"', change: { env: ["PATH=/b n", "VERSION=1"] } },
  {
    reason: "ARG VERSION changed",
    change: { env: ["PATH=/bin", `VERSION=${"long ".repeat(9)}`] },
  },
  { reason: "ENV DEBUG added (1)", change: { env: [...step.env, "DEBUG=1"] } },
  { reason: "ARG VERSION removed (was 1)", change: { env: ["PATH=/bin"] } },
  {
    reason: "ENV API_TOKEN added (****), ENV URL added (https://****@host/)",
    change: { env: [...step.env, ...token] },
  },
  {
    reason: 'order of ARG and ENV changed from "PATH VERSION" to "VERSION PATH"',
    change: { env: ["VERSION=1", "PATH=/bin"] },
  },
  {
    reason: 'command changed from make to "make all"',
    change: { argv: ["make", "all"], written: written("make all") },
  },
  { reason: "heredoc EOF added", change: { script: { name: "EOF", body: "#!/bin/sh" } } },
  { reason: "user changed from root to app", change: { user: "app" } },
  { reason: "working directory changed from / to /src", change: { cwd: "/src" } },
  { reason: "network changed from default to none", change: { network: "none" } },
  { reason: "parent changed at COPY a b", change: {}, base: "sha256:1" },
  {
    reason: "command changed from make to ls, parent changed at COPY a b",
    change: { argv: ["ls"], written: written("ls") },
    base: "sha256:1",
  },
  {
    reason:
      "command changed from make to ls, ENV PATH changed from /bin to /, user changed from root to app and 2 more",
    change: {
      ...{ argv: ["ls"], written: written("ls"), user: "app", cwd: "/src" },
      env: ["PATH=/", "VERSION=1"],
    },
    base: "sha256:1",
  },
  { reason: "its layer was pruned", change: {} },
];

const above = (): Change => ({ what: "parent", how: "changed", at: "COPY a b" });

describe("explainMiss()", () => {
  for (const { reason, change, base } of cases) {
    it(`says "${reason}"`, () => {
      const nearest = { components: componentsOf({}) };
      assert.strictEqual(explainMiss(componentsOf(change, base), [nearest], above).text, reason);
    });
  }
  it(`says "never built before" where there is nothing to compare with`, () => {
    assert.deepStrictEqual(explainMiss(componentsOf({}), [], above), neverBuilt);
  });
  it("compares with the run from which the least differs, of several such with the latest", () => {
    const version = (value: number): Partial<RunStep> => ({
      env: ["PATH=/bin", `VERSION=${value}`],
    });
    const runs = [{ network: "host" } as const, version(1), version(2)].map((change) => ({
      components: componentsOf(change),
    }));
    const now = componentsOf(version(3));
    assert.strictEqual(explainMiss(now, runs, above).text, "ARG VERSION changed from 1 to 3");
  });
  it("tells of a pruned layer where any of the runs was the same", () => {
    const runs = [
      { components: componentsOf({ network: "host" }) },
      { components: componentsOf({}) },
    ];
    assert.strictEqual(explainMiss(componentsOf({}), runs, above), pruned);
  });
  it("keeps no value of what looks like a secret, nor passwords of URLs", () => {
    const kept = JSON.stringify(componentsOf({ env: [...step.env, ...token] }));
    assert.notMatch(kept, /abc|me:pass/);
  });
});
