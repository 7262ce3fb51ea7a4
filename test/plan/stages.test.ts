import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { firstRound, planned, planOf, stepOf, targetOf, type Given } from "./planning.js";

/** Where an error points, as text of the Dockerfile. */
function failure(text: string, given: Given = {}): { message: string; at: string; hint?: string } {
  try {
    planOf(text, given);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const { message, at, hint } = error;
    const shown = at === undefined ? "" : at.source.text.slice(at.start, at.end);
    return { message, at: shown, ...(hint === undefined ? {} : { hint }) };
  }
  return assert.fail(`no error for ${text}`);
}

describe("makePlan(): stages", () => {
  it("S01: starts from scratch with a PATH and the root as working directory", () => {
    const { base, config, name } = targetOf(planOf("FROM scratch"));
    assert.deepEqual(base, { kind: "scratch" });
    assert.strictEqual(name, "stage-0");
    assert.deepEqual(config.config, {
      WorkingDir: "/",
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    });
    assert.deepEqual(config.rootfs.diff_ids, []);
  });

  it("S02: continues an earlier stage with its ARG, ENV, WORKDIR, SHELL and USER", () => {
    const plan = planOf(
      'FROM a AS One\nARG x=1\nENV y=2\nWORKDIR /w\nSHELL ["/bin/ash"]\nUSER u\nFROM one\nRUN z',
    );
    const run = stepOf(plan, "run");
    assert.deepEqual(targetOf(plan).base, { kind: "stage", stage: 0 });
    assert.includeMembers([...run.env], ["x=1", "y=2"]);
    assert.deepEqual([run.argv, run.cwd, run.user], [["/bin/ash", "z"], "/w", "u"]);
  });

  it("S02: does not see a later stage of the same name", () => {
    const plan = planOf("FROM alpine AS x\nFROM y AS z\nFROM x AS y\nFROM z");
    assert.deepEqual(
      plan.images.map(({ reference }) => reference),
      ["y"],
    );
  });

  it("S02: takes the name of the own stage for an image", () => {
    assert.deepEqual(planned("FROM alpine AS alpine").asked, ["alpine"]);
  });

  it("S03: matches stage names ignoring case, and numbers", () => {
    const text = "FROM a AS Build\nFROM b\nFROM c\nCOPY --from=BUILD /x /\nCOPY --from=1 /y /";
    const plan = planOf(text);
    assert.deepEqual(stepOf(plan, "copy", 0).origin, { kind: "stage", stage: 0 });
    assert.deepEqual(stepOf(plan, "copy", 1).origin, { kind: "stage", stage: 1 });
  });

  const broken = [
    {
      name: "S03: a stage that is defined later",
      text: "FROM a AS one\nCOPY --from=two /x /\nFROM b AS two\nFROM one",
      message: 'Cannot use stage "two" in stage "one": it is defined only after it',
      at: "--from=two",
    },
    {
      name: "S03: stages that need each other",
      text: "FROM a AS one\nCOPY --from=two /x /\nFROM one AS two",
      message: 'Cannot use stage "two" in stage "one": circular dependency',
      at: "--from=two",
    },
    {
      name: "S03: a stage that needs itself",
      text: "FROM a AS one\nCOPY --from=one /x /",
      message: 'Cannot use stage "one" in stage "one": circular dependency',
      at: "--from=one",
    },
    {
      name: "S03: a number beyond the stages",
      text: "FROM a\nCOPY --from=7 /x /",
      message: "Cannot copy from stage 7: invalid stage index",
      at: "--from=7",
    },
    {
      name: "S03: a negative number",
      text: "FROM a\nCOPY --from=-1 /x /",
      message: "Cannot copy from stage -1: invalid stage index",
      at: "--from=-1",
    },
    {
      name: "C15: a variable in --from",
      text: "ARG s=x\nFROM a AS x\nFROM b\nCOPY --from=$s /x /",
      message: 'Cannot copy from "$s": --from takes no variables',
      at: "--from=$s",
    },
    {
      name: "S04: an error in a stage that is never built",
      text: "FROM scratch AS unused\nEXPOSE http\nFROM scratch",
      message: 'Cannot expose "http": "http" is not a port: want a number or start-end',
      at: "http",
    },
    {
      name: "S04: an expansion error in a stage whose base nobody knows",
      text: "FROM unknown AS unused\nENV a=${}\nFROM scratch",
      message: 'Cannot expand "${}": bad substitution',
      at: "${}",
    },
    {
      name: "S01: a base that expands to nothing",
      text: "ARG base\nFROM $base",
      message: 'Cannot start a stage from "$base": the name is empty',
      at: "$base",
    },
    {
      name: "S02: a stage of which FROM gives the name in upper case",
      text: "FROM a AS First\nFROM FIRST",
      message: 'Cannot start a stage from "FIRST": no image has such a name',
      at: "FIRST",
      hint: "FROM knows stages by their names in lower case: FROM first",
    },
    {
      name: "S07: a platform that expands to nothing",
      text: "ARG p\nFROM --platform=$p scratch",
      message: 'Cannot use platform "$p": it is empty',
      at: "--platform=$p",
    },
    {
      name: "S07: a platform of too many parts",
      text: "FROM --platform=a/b/c/d scratch",
      message: 'Cannot parse platform "a/b/c/d"',
      at: "--platform=a/b/c/d",
    },
    {
      name: "N13: a base that is not an image name",
      text: "FROM UPPER/Case AS unused\nFROM scratch",
      message: "UPPER/Case",
      at: "UPPER/Case",
    },
    {
      name: "S09: a global default that fails",
      text: "ARG a=${b:?needed}\nFROM scratch",
      message: 'Cannot expand "${b:?needed}": b: needed',
      at: "${b:?needed}",
    },
  ];
  for (const { name, text, message, at } of broken) {
    it(`${name} is an error`, () => {
      const found = failure(text);
      assert.include(found.message, message);
      assert.strictEqual(found.at, at);
    });
  }

  it("S03: lets a stage that is not built name a later one", () => {
    const text = "FROM a AS one\nCOPY --from=two /x /\nFROM scratch AS two";
    assert.lengthOf(planOf(text).stages, 1);
    assert.throws(() => planOf(text, { whole: true }), BuildError, "defined only after it");
  });

  it("S07: gives FROM scratch the platform of the build, whatever FROM says", () => {
    const { architecture, os } = targetOf(planOf("FROM --platform=windows/arm64 scratch")).config;
    assert.deepEqual([os, architecture], ["linux", "amd64"]);
  });

  it("S07: takes an empty --platform for none", () => {
    assert.strictEqual(targetOf(planOf("FROM --platform= a")).platform.architecture, "amd64");
  });

  it("S01: does not let a named context stand in for what is not an image name", () => {
    const namedContexts = new Map([["busybox", { kind: "directory" }]] as const);
    assert.throws(() => planOf("FROM Busybox", { namedContexts }), BuildError, "Busybox");
  });

  it("S04: leaves out what the target does not need, and never asks for its image", () => {
    const { plan, asked } = planned(
      "FROM a AS one\nFROM b AS two\nFROM c AS three\nCOPY --from=one /x /\nFROM d AS four",
      { target: "three" },
    );
    assert.deepEqual(
      plan.stages.map(({ name }) => name),
      ["one", "three"],
    );
    assert.deepEqual([...asked].sort(), ["a", "c"]);
    assert.strictEqual(plan.target, 1);
    assert.deepEqual(stepOf(plan, "copy").origin, { kind: "stage", stage: 0 });
  });

  it("S04: does not blame an unknown base's variables in a stage that is never built", () => {
    const text = `FROM unknown AS unused
EXPOSE $PORT $PORT/tcpx
ENV P=\${PORT}x
EXPOSE 1$P
STOPSIGNAL x$P
ARG q=\${PORT:?needed}
RUN --mount=type=cache,target=/c x
FROM scratch`;
    const plan = planOf(text);
    assert.deepEqual(plan.warnings, []);
    assert.strictEqual(plan.stages.length, 1);
  });

  it("S04: finds errors before it asks for any image", () => {
    assert.throws(() => firstRound("FROM a\nEXPOSE 99999"), BuildError, "at most 65535");
  });

  it("S05: builds the last stage, or the one that --target names in any case", () => {
    const text = "FROM scratch AS Dev\nFROM scratch AS prod";
    assert.strictEqual(targetOf(planOf(text)).name, "prod");
    assert.strictEqual(targetOf(planOf(text, { target: "DEV" })).name, "dev");
  });

  it("S05: suggests a target", () => {
    const found = failure("FROM scratch AS builder", { target: "bulider" });
    assert.strictEqual(found.message, 'Cannot build target "bulider": no such stage');
    assert.strictEqual(found.hint, 'did you mean "builder"?');
  });

  it("S06: of two stages with one name the last wins", () => {
    const plan = planOf("FROM a AS x\nFROM b AS x\nFROM scratch\nCOPY --from=x / /");
    assert.deepEqual(
      plan.images.map(({ reference }) => reference),
      ["b"],
    );
  });

  it("S07: reads --platform with global ARGs, normalized", () => {
    const plan = planOf("ARG arch=aarch64\nFROM --platform=linux/$arch a");
    const arm64 = { os: "linux", architecture: "arm64" };
    assert.deepEqual(targetOf(plan).platform, arm64);
    assert.deepEqual(plan.images[0]?.platform, arm64);
  });

  it("S22: asks for an image once however often it is named", () => {
    const { plan, asked } = planned("FROM a AS x\nFROM a\nCOPY --from=a /1 /\nCOPY --from=x /2 /");
    assert.deepEqual(asked, ["a"]);
    assert.strictEqual(plan.images.length, 1);
    assert.deepEqual(stepOf(plan, "copy").origin, { kind: "image", image: 0 });
  });

  it('1.23: "FROM 0" is an image, "COPY --from=0" a stage', () => {
    const { plan, asked } = planned("FROM a\nFROM 0\nCOPY --from=0 /x /");
    assert.deepEqual([...asked].sort(), ["0", "a"]);
    assert.deepEqual(stepOf(plan, "copy").origin, { kind: "stage", stage: 0 });
  });
});

describe("makePlan(): named contexts", () => {
  const image = { kind: "image", reference: "oci-layout:///base" } as const;
  const directory = { kind: "directory" } as const;

  it("C15: stand in for an image, in any of its spellings", () => {
    const namedContexts = new Map([["alpine", image]]);
    for (const from of ["alpine", "alpine:latest", "docker.io/library/alpine"]) {
      assert.deepEqual(planned(`FROM ${from}`, { namedContexts }).asked, [image.reference]);
    }
    assert.deepEqual(planned("FROM alpine:3", { namedContexts }).asked, ["alpine:3"]);
  });

  it("C15: stand in for a stage, whose instructions then do not count", () => {
    const text = "FROM a AS build\nRUN make\nFROM scratch\nCOPY --from=build /x /";
    const plan = planOf(text, { namedContexts: new Map([["build", image]]) });
    assert.deepEqual(plan.stages[0]?.steps, []);
    assert.deepEqual(
      plan.images.map(({ reference }) => reference),
      [image.reference],
    );
  });

  it("C15: are read by COPY --from as directories", () => {
    const plan = planOf("FROM scratch\nCOPY --from=Lib /x /", {
      namedContexts: new Map([["lib", directory]]),
    });
    assert.deepEqual(stepOf(plan, "copy").origin, { kind: "named", name: "lib" });
  });

  it("are a root filesystem where FROM names a directory", () => {
    const plan = planOf("FROM root\nRUN x", { namedContexts: new Map([["root", directory]]) });
    const { base, history } = targetOf(plan);
    const { origin, sources, destination } = stepOf(plan, "copy");
    assert.deepEqual(base, { kind: "scratch" });
    assert.deepEqual(
      { origin, sources, destination },
      {
        origin: { kind: "named", name: "root" },
        sources: ["/"],
        destination: "/",
      },
    );
    assert.deepEqual(history[0], { entry: { comment: "buildkit.exporter.image.v0" }, step: 0 });
  });
});

describe("makePlan(): ONBUILD", () => {
  it("S19: runs right after FROM an image, is cleared, and may need more images", () => {
    const images = { base: { OnBuild: ["COPY --from=tool /t /t", "ENV a=1"] } };
    const { plan, asked } = planned("FROM base\nENV a=2", { images });
    assert.deepEqual(asked, ["base", "tool"]);
    const { config, history } = targetOf(plan);
    assert.deepEqual(
      history.map(({ entry }) => entry.created_by),
      ["COPY /t /t # buildkit", "ENV a=1", "ENV a=2"],
    );
    assert.isUndefined(config.config?.OnBuild);
    assert.strictEqual(stepOf(plan, "copy").title, "ONBUILD COPY --from=tool /t /t");
  });

  it("S19: runs after FROM a stage, once, and is kept by the stage itself", () => {
    const text =
      "FROM scratch AS dep\nFROM scratch AS a\nONBUILD COPY --from=dep /x /\nFROM a AS b\nFROM b";
    const plan = planOf(text);
    assert.deepEqual(
      plan.stages.map(({ name }) => name),
      ["dep", "a", "b", "stage-3"],
    );
    assert.deepEqual(
      plan.stages.map(({ steps }) => steps.length),
      [0, 0, 1, 0],
    );
    assert.deepEqual(plan.stages[1]?.config.config?.OnBuild, ["COPY --from=dep /x /"]);
    assert.deepEqual(plan.stages[1]?.history, []);
  });

  it("S19: points at FROM where a trigger fails", () => {
    const { message, at } = failure("FROM base AS x", {
      images: { base: { OnBuild: ["EXPOSE x"] } },
    });
    assert.include(message, 'Cannot expose "x"');
    assert.strictEqual(at, "FROM base AS x");
  });
});
