import { assert } from "chai";
import { parsePlatform } from "../../src/oci/platform.js";
import { joinPlans, type JoinedPlan } from "../../src/plan/join-plans.js";
import type { PlannedStage } from "../../src/plan/plan.js";
import { withScans } from "../../src/plan/scan-stages.js";
import type { RunStep } from "../../src/plan/step.js";
import { planOf, type Given } from "./planning.js";

const flag = { source: { name: "--sbom", text: "scan" }, start: 0, end: 4 };
const host = parsePlatform("linux/amd64");

function scanned(text: string, given: Given = {}, platforms = ["linux/amd64"]): JoinedPlan {
  const [first, ...others] = platforms.map((platform) =>
    planOf(text, { ...given, targetPlatform: parsePlatform(platform) }),
  );
  if (first === undefined) throw new Error("no platform");
  const config = {
    os: "linux",
    architecture: "amd64",
    config: { Entrypoint: ["/scan"], Cmd: ["all"], Env: ["A=1"], WorkingDir: "/w", User: "me" },
    rootfs: { type: "layers", diff_ids: [] },
  } as const;
  return withScans(joinPlans([first, ...others]), {
    image: { reference: "scan", platform: host, at: flag, config },
    parameters: new Map([["CATALOGERS", "rpm"]]),
    network: "none",
  });
}

/** The run of the scanner for a target. */
function scanOf({ scans, stages }: JoinedPlan, target = 0): RunStep {
  const step = stages[scans[target] ?? -1]?.steps.at(-1);
  if (step?.kind === "run") return step;
  return assert.fail("nothing is scanned");
}

/** What is mounted where: names of stages by paths. */
function mountsOf(plan: JoinedPlan, target = 0): Readonly<Record<string, string>> {
  const mounts = scanOf(plan, target).mounts.flatMap((mount) => {
    if (mount.kind !== "bind" || mount.origin?.kind !== "stage") return [];
    assert.isTrue(mount.readonly);
    return [[mount.target, plan.stages[mount.origin.stage]?.name ?? ""] as const];
  });
  return Object.fromEntries(mounts);
}

function contextOf(plan: JoinedPlan): PlannedStage {
  return plan.stages.find(({ name }) => name === "context") ?? assert.fail("no context");
}

describe("withScans()", () => {
  it("A02 runs the scanner as root over the target, with the variables of the protocol", () => {
    const plan = scanned("FROM a\nRUN make");
    assert.deepStrictEqual(plan.scans, [1]);
    const scan = scanOf(plan);
    assert.deepStrictEqual(mountsOf(plan), { "/run/src/core/sbom": "stage-0" });
    assert.deepStrictEqual(scan.env, [
      "A=1",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "BUILDKIT_SCAN_DESTINATION=/run/out/",
      "BUILDKIT_SCAN_SOURCE=/run/src/core/sbom",
      "BUILDKIT_SCAN_CATALOGERS=rpm",
    ]);
    assert.deepInclude(scan, { argv: ["/scan", "all"], user: "", cwd: "/w", network: "none" });
    assert.include(
      scan.mounts.map(({ kind, target }) => `${kind} ${target ?? ""}`),
      "tmpfs /tmp",
    );
    const [results] = plan.stages[1]?.steps ?? [];
    assert.deepInclude(results, { kind: "workdir", path: "/run/out" });
    assert.strictEqual(plan.images[1]?.reference, "scan");
  });

  const stages = "FROM a AS one\nRUN x\nFROM a AS two\nRUN y\nFROM scratch AS last\n";
  const last = "COPY --from=one /x /\nCOPY --from=two /y /\n";
  const cases: readonly (readonly [what: string, text: string, given: Given, extras: object])[] = [
    ["no stage that does not say so", stages + last, {}, {}],
    [
      "a stage by its own ARG, and those that start from it",
      "FROM a AS one\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nFROM one AS two\nFROM scratch\nCOPY --from=two / /",
      {},
      { "/run/src/extras/sbom-one": "one", "/run/src/extras/sbom-two": "two" },
    ],
    [
      "every stage that is built by a global ARG, but not the target again",
      `ARG BUILDKIT_SBOM_SCAN_STAGE=1\n${stages}COPY --from=one /x /`,
      {},
      { "/run/src/extras/sbom-one": "one" },
    ],
    [
      "those that a list names",
      `ARG BUILDKIT_SBOM_SCAN_STAGE=two,three\n${stages}${last}`,
      {},
      { "/run/src/extras/sbom-two": "two" },
    ],
    [
      "none that its own ARG leaves out",
      `ARG BUILDKIT_SBOM_SCAN_STAGE=true\n${stages.replace("RUN x", "ARG BUILDKIT_SBOM_SCAN_STAGE=false")}${last}`,
      {},
      { "/run/src/extras/sbom-two": "two" },
    ],
    [
      "what --build-arg says, where there is such an ARG",
      `ARG BUILDKIT_SBOM_SCAN_STAGE\n${stages}${last}`,
      { buildArgs: new Map([["BUILDKIT_SBOM_SCAN_STAGE", "one"]]) },
      { "/run/src/extras/sbom-one": "one" },
    ],
    [
      "nothing more for --build-arg alone",
      stages + last,
      {
        buildArgs: new Map([
          ["BUILDKIT_SBOM_SCAN_STAGE", "true"],
          ["BUILDKIT_SBOM_SCAN_CONTEXT", "true"],
        ]),
      },
      {},
    ],
    [
      "the context where the target asks for it",
      "FROM a\nARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nCOPY b /c",
      {},
      { "/run/src/extras/sbom-context": "context" },
    ],
    [
      "no context that only another stage asks for",
      `${stages.replace("RUN x", "ARG BUILDKIT_SBOM_SCAN_CONTEXT=true")}${last}`,
      {},
      {},
    ],
  ];
  for (const [what, text, given, extras] of cases) {
    it(`A02 S17 scans also ${what}`, () => {
      const plan = scanned(text, given);
      const { "/run/src/core/sbom": _, ...others } = mountsOf(plan);
      assert.deepStrictEqual<object>(others, extras);
      const announced = scanOf(plan).env.includes("BUILDKIT_SCAN_SOURCE_EXTRAS=/run/src/extras");
      assert.strictEqual(announced, Object.keys(extras).length > 0);
    });
  }

  it("A02 scans of the context what steps read from it, each file where it lies there", () => {
    const plan = scanned(
      "FROM a AS b\nCOPY --chown=1 --exclude=*.md src/./lib /x/\nRUN --mount=target=/m,source=[a] x\n" +
        "COPY --from=a /etc /\nFROM b\nARG BUILDKIT_SBOM_SCAN_CONTEXT=yes,stage-1\nADD https://example.com/f x* /",
    );
    const steps = contextOf(plan).steps.flatMap((step) => (step.kind === "copy" ? [step] : []));
    assert.deepStrictEqual(
      steps.map(({ sources, exclude }) => [sources, exclude]),
      [
        [["src/lib"], ["*.md"]],
        [["/\\[a]"], []],
        [["x*"], []],
      ],
    );
    for (const step of steps) {
      assert.deepInclude(step, {
        destination: "/",
        parents: true,
        chown: undefined,
        unpack: false,
      });
    }
  });

  it("A02 scans each platform by itself, on the machine that builds", () => {
    const plan = scanned("FROM a", {}, ["linux/amd64", "linux/arm64"]);
    assert.strictEqual(plan.scans.length, 2);
    assert.isUndefined(scanOf(plan, 0).target);
    assert.strictEqual(scanOf(plan, 1).target, "linux/arm64");
    assert.deepStrictEqual(plan.stages[plan.scans[1] ?? -1]?.platform, host);
  });
});
