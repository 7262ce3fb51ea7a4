import { assert } from "chai";
import { Board } from "../../../src/builder/board.js";
import type { BaseImage, ImageName } from "../../../src/builder/engine.js";
import { planOptions, resolvePlan } from "../../../src/cli/build/plan.js";
import type { BuildCommand } from "../../../src/cli/build-command.js";
import { parseCommand } from "../../../src/cli/parse-command.js";
import { BuildError } from "../../../src/error.js";
import type { RuntimeConfig } from "../../../src/oci/image.js";
import { parseDockerfile } from "../../../src/parser/parse-dockerfile.js";
import { BuildLog } from "../../builder/support/build-log.js";
import { failureOf } from "../../oci/build-errors.js";
import { optionsOf } from "../../plan/planning.js";
import { FakeIo } from "../fake-io.js";

function buildCommand(...flags: readonly string[]): BuildCommand {
  const command = parseCommand(["build", ...flags, "."]);
  if (command.kind !== "build") throw new Error("it is not a build");
  return command;
}

/** Knows images by name, and takes down who was asked for. */
class FakeResolver {
  readonly asked: string[] = [];
  readonly #images: Readonly<Record<string, RuntimeConfig>>;

  constructor(images: Readonly<Record<string, RuntimeConfig>>) {
    this.#images = images;
  }

  async resolve({ reference, platform }: ImageName): Promise<BaseImage> {
    this.asked.push(`${reference} ${platform.architecture}`);
    const config = await Promise.resolve(this.#images[reference]);
    if (config === undefined) throw new BuildError("IMAGE_NOT_FOUND", `Cannot find "${reference}"`);
    return {
      config: { ...platform, config, rootfs: { type: "layers", diff_ids: [] } },
      layers: () => Promise.resolve([]),
    };
  }
}

function resolving(images: Readonly<Record<string, RuntimeConfig>>) {
  const log = new BuildLog();
  const resolver = new FakeResolver(images);
  const signal = new AbortController().signal;
  return { log, resolver, deps: { images: resolver, board: new Board(log.emit), signal } };
}

function dockerfile(text: string) {
  return parseDockerfile({ name: "Dockerfile", text });
}

describe("resolvePlan()", () => {
  it("finds each image once, however often it is named", async () => {
    const { resolver, deps, log } = resolving({ a: {}, b: {} });
    const text =
      "FROM a AS x\nRUN x\nFROM a\nCOPY --from=x / /\nCOPY --from=b / /\nCOPY --from=a / /";
    const { plan, images } = await resolvePlan(dockerfile(text), [optionsOf()], deps);
    assert.sameMembers(resolver.asked, ["a amd64", "b amd64"]);
    assert.lengthOf(images, plan.images.length);
    assert.deepStrictEqual(log.outcomes, {
      "[internal] load metadata for a": "done",
      "[internal] load metadata for b": "done",
    });
  });

  it("goes on with the images that ONBUILD of an image names", async () => {
    const { resolver, deps } = resolving({ a: { OnBuild: ["COPY --from=b /x /y"] }, b: {} });
    const { plan, images } = await resolvePlan(dockerfile("FROM a"), [optionsOf()], deps);
    assert.deepStrictEqual(resolver.asked, ["a amd64", "b amd64"]);
    assert.deepStrictEqual(
      plan.images.map(({ reference }) => reference),
      ["a", "b"],
    );
    assert.lengthOf(images, 2);
  });

  it("asks for an image once for each platform", async () => {
    const { resolver, deps } = resolving({ a: {} });
    const text = "FROM --platform=linux/arm64 a AS x\nFROM a\nCOPY --from=x / /";
    await resolvePlan(dockerfile(text), [optionsOf()], deps);
    assert.sameMembers(resolver.asked, ["a arm64", "a amd64"]);
  });

  it("needs no image of a stage that nothing needs", async () => {
    const { resolver, deps } = resolving({ b: {} });
    await resolvePlan(dockerfile("FROM a\nFROM b"), [optionsOf()], deps);
    assert.deepStrictEqual(resolver.asked, ["b amd64"]);
  });

  it("points at the line that names an unknown image", async () => {
    const { deps, log } = resolving({ a: {} });
    const text = "FROM a\nCOPY --from=unknown / /";
    const error = await failureOf(
      resolvePlan(dockerfile(text), [optionsOf()], deps),
      "IMAGE_NOT_FOUND",
    );
    assert.strictEqual(error.at && text.slice(error.at.start, error.at.end), "--from=unknown");
    assert.strictEqual(log.outcomes["[internal] load metadata for unknown"], "failed");
    assert.isUndefined(error.hint);
  });

  for (const line of [
    "COPY --from=biuld / /",
    "FROM biuld",
    "RUN --mount=from=biuld,target=/m id",
  ]) {
    it(`names the stage that was meant by "${line}"`, async () => {
      const { deps } = resolving({ a: {} });
      const text = `FROM a AS build\nFROM a\n${line}`;
      const error = await failureOf(
        resolvePlan(dockerfile(text), [optionsOf()], deps),
        "IMAGE_NOT_FOUND",
      );
      assert.strictEqual(error.hint, 'no stage has that name; did you mean "build"?');
    });
  }
});

describe("planOptions()", () => {
  const options = (flags: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    planOptions(buildCommand(...flags), new FakeIo({ env }));

  const args: readonly (readonly [
    string,
    readonly string[],
    Readonly<Record<string, string>>,
    readonly (readonly [string, string])[],
  ])[] = [
    ["a value", ["--build-arg", "A=1"], { A: "2" }, [["A", "1"]]],
    ["the environment's value", ["--build-arg", "A"], { A: "2" }, [["A", "2"]]],
    ["an empty value of the environment", ["--build-arg", "A"], { A: "" }, [["A", ""]]],
    ["nothing where the environment has none", ["--build-arg", "A"], {}, []],
    ["the last of several", ["--build-arg", "A=1", "--build-arg", "A=3"], {}, [["A", "3"]]],
    ["nothing of the environment that was not named", [], { A: "2", HTTP_PROXY: "x" }, []],
    ["SOURCE_DATE_EPOCH unasked", [], { SOURCE_DATE_EPOCH: "7" }, [["SOURCE_DATE_EPOCH", "7"]]],
    [
      "SOURCE_DATE_EPOCH as it was given",
      ["--build-arg", "SOURCE_DATE_EPOCH=8"],
      { SOURCE_DATE_EPOCH: "7" },
      [["SOURCE_DATE_EPOCH", "8"]],
    ],
  ];
  for (const [name, flags, env, want] of args) {
    it(`takes ${name}`, () => {
      assert.deepStrictEqual([...options(flags, env).buildArgs], want);
    });
  }

  it("F20 takes the platform of DOCKER_DEFAULT_PLATFORM, unless one is given", () => {
    const env = { DOCKER_DEFAULT_PLATFORM: "linux/arm64" };
    assert.deepStrictEqual(options([], env).targetPlatform, { os: "linux", architecture: "arm64" });
    const given = options(["--platform", "linux/s390x"], env).targetPlatform;
    assert.strictEqual(given?.architecture, "s390x");
    assert.isUndefined(options([]).targetPlatform);
  });

  it("B11 to B14 knows images, directories and what is elsewhere among named contexts", () => {
    const flags = ["a=docker-image://debian:12", "b=oci-layout:///l:1", "c=../dir", "d=C:odd"];
    flags.push("e=https://x.org/a.tar", "f::linux/arm64=git@x.org:a", "g=docker://debian:12");
    flags.push("h=container-image://debian:12");
    const { namedContexts } = options(flags.flatMap((value) => ["--build-context", value]));
    assert.deepStrictEqual(
      [...namedContexts],
      [
        ["a", { kind: "image", reference: "debian:12" }],
        ["b", { kind: "image", reference: "oci-layout:///l:1" }],
        ["c", { kind: "directory" }],
        ["d", { kind: "directory" }],
        ["e", { kind: "directory" }],
        ["f::linux/arm64", { kind: "directory" }],
        ["g", { kind: "image", reference: "debian:12" }],
        ["h", { kind: "image", reference: "debian:12" }],
      ],
    );
  });

  for (const value of ["ftp://example.com/a", "target:x", "input:y"]) {
    it(`names --build-context a=${value} as what is not supported`, async () => {
      await failureOf(() => options(["--build-context", `a=${value}`]), "UNSUPPORTED");
    });
  }

  it("reads the platform", () => {
    assert.isUndefined(options([]).targetPlatform);
    assert.deepInclude(options(["--platform=linux/arm64"]).targetPlatform, {
      os: "linux",
      architecture: "arm64",
    });
  });
});
