import { assert } from "chai";
import { parsePlatform } from "../../src/oci/platform.js";
import { joinPlans, type JoinedPlan } from "../../src/plan/join-plans.js";
import { planOf, type Given } from "./planning.js";

function joined(text: string, platforms: readonly string[], given: Given = {}): JoinedPlan {
  const [first = "linux/amd64", ...others] = platforms;
  const plan = (name: string) => planOf(text, { ...given, targetPlatform: parsePlatform(name) });
  return joinPlans([plan(first), ...others.map(plan)]);
}

/** Each stage as "name platform". */
function stagesOf({ stages }: JoinedPlan): readonly string[] {
  return stages.map(({ name, platform }) => `${name} ${platform.architecture}`);
}

const two = ["linux/amd64", "linux/arm64"];

describe("joinPlans()", () => {
  it("M02 has a stage for the build platform once, and the others for each platform", () => {
    const text =
      "FROM --platform=$BUILDPLATFORM a AS tools\nRUN make\nFROM a AS base\nFROM base\nCOPY --from=tools /x /";
    const plan = joined(text, two);
    assert.deepStrictEqual(stagesOf(plan), [
      "tools amd64",
      "base amd64",
      "stage-2 amd64",
      "base arm64",
      "stage-2 arm64",
    ]);
    assert.deepStrictEqual(plan.targets, [2, 4]);
    const [, , , , last] = plan.stages;
    assert.deepStrictEqual(last?.base, { kind: "stage", stage: 3 });
    const step = last?.steps[0];
    assert.deepStrictEqual(step?.kind === "copy" && step.origin, { kind: "stage", stage: 0 });
  });

  it("M02 has a stage twice that sees what it is built for", () => {
    const text =
      "FROM --platform=$BUILDPLATFORM a AS tools\nARG TARGETARCH\nRUN make\nFROM scratch\nCOPY --from=tools /x /";
    assert.deepStrictEqual(stagesOf(joined(text, two)), [
      "tools amd64",
      "stage-1 amd64",
      "tools amd64",
      "stage-1 arm64",
    ]);
  });

  it("numbers images anew, where COPY, bind mounts and caches read from them", () => {
    const mounts =
      "--mount=type=bind,from=c,target=/c --mount=type=cache,from=d,source=/d,target=/d";
    const text = `FROM a\nCOPY --from=b /x /\nRUN ${mounts} make`;
    const plan = joined(text, two);
    const image = (index: number): string => {
      const { reference = "", platform } = plan.images[index] ?? {};
      return `${reference} ${platform?.architecture ?? ""}`;
    };
    const read = plan.stages.map(({ base, steps }) => {
      const [copy, run] = steps;
      if (base.kind !== "image" || copy?.kind !== "copy" || run?.kind !== "run") return [];
      const [bind, cache] = run.mounts;
      const origins = [
        copy.origin,
        bind?.kind === "bind" ? bind.origin : undefined,
        cache?.kind === "cache" ? cache.seed?.origin : undefined,
      ];
      return [base, ...origins].map((one) => (one?.kind === "image" ? image(one.image) : one));
    });
    assert.deepStrictEqual(read, [
      ["a amd64", "b amd64", "c amd64", "d amd64"],
      ["a arm64", "b arm64", "c arm64", "d arm64"],
    ]);
  });

  it("tells a finding once that is one for every platform", () => {
    const { warnings } = joined("FROM scratch\nMAINTAINER me\nCOPY . /", two);
    assert.deepStrictEqual(
      warnings.map(({ rule }) => rule),
      ["MaintainerDeprecated"],
    );
  });

  it("P02 joins plans of a file of many steps, each of which knows the whole text", () => {
    const text = `FROM scratch\n${`WORKDIR /${"x".repeat(200)}\n`.repeat(3000)}`;
    assert.deepStrictEqual(stagesOf(joined(text, two)), ["stage-0 amd64", "stage-0 arm64"]);
  });

  it("is the plan itself for one platform", () => {
    const { target, ...plan } = planOf("FROM a");
    assert.deepInclude(joinPlans([{ ...plan, target }]), { ...plan, targets: [target] });
  });
});
