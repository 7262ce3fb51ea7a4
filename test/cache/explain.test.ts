import { assert } from "chai";
import { explainMiss } from "../../src/cache/explain.js";
import { runKey, stateKey, type KeyComponent } from "../../src/cache/key.js";
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
};

function componentsOf(change: Partial<RunStep>, base = "sha256:0"): readonly KeyComponent[] {
  const parent = stateKey([base as never]);
  return runKey(
    { ...step, ...change },
    { parent, hostname: undefined, extraHosts: [], contents: [] },
  ).components;
}

const cases: readonly { reason: string; change: Partial<RunStep>; base?: string }[] = [
  { reason: "variable VERSION changed", change: { env: ["PATH=/bin", "VERSION=2"] } },
  { reason: "variable DEBUG added", change: { env: [...step.env, "DEBUG=1"] } },
  { reason: "variable VERSION removed", change: { env: ["PATH=/bin"] } },
  { reason: "order of variables changed", change: { env: ["VERSION=1", "PATH=/bin"] } },
  { reason: "command changed", change: { argv: ["make", "all"] } },
  { reason: "script changed", change: { script: { name: "EOF", body: "#!/bin/sh" } } },
  { reason: "user changed", change: { user: "app" } },
  { reason: "working directory changed", change: { cwd: "/src" } },
  { reason: "network changed", change: { network: "none" } },
  { reason: "parent changed at COPY a b", change: {}, base: "sha256:1" },
  {
    reason: "command changed, parent changed at COPY a b",
    change: { argv: ["ls"] },
    base: "sha256:1",
  },
  {
    reason: "command changed, variable PATH changed, user changed and 2 more",
    change: { argv: ["ls"], env: ["PATH=/", "VERSION=1"], user: "app", cwd: "/src" },
    base: "sha256:1",
  },
  { reason: "its layer is gone", change: {} },
];

describe("explainMiss()", () => {
  for (const { reason, change, base } of cases) {
    it(`says "${reason}"`, () => {
      const nearest = { components: componentsOf({}) };
      assert.strictEqual(explainMiss(componentsOf(change, base), nearest, "COPY a b"), reason);
    });
  }
  it(`says "no earlier run" where there is none`, () => {
    assert.strictEqual(explainMiss(componentsOf({}), undefined, "FROM busybox"), "no earlier run");
  });
});
