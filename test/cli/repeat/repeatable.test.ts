import { assert } from "chai";
import { parseBuild } from "../../../src/cli/args/build.js";
import { isLocal, isRepeatable } from "../../../src/cli/repeat/repeatable.js";
import { planOf } from "../../plan/planning.js";

describe("a build that can be repeated", () => {
  for (const argv of [
    ["."],
    ["-t", "web", "-t", "web:1", "--target=a", "."],
    ["-f", "Dockerfile.web", "--build-arg", "A=1", "--label", "b=c", "dir"],
    ["-q", "--jobs=2", "--network=host", "--shm-size=1g", "--ulimit", "nofile=9", "."],
    ["--progress=plain", "."],
  ]) {
    it(`may be told ${argv.join(" ")}`, () => {
      assert.isTrue(isRepeatable(parseBuild(argv)));
    });
  }

  for (const argv of [
    ["-"],
    ["-f", "-", "."],
    ["--no-cache", "."],
    ["--no-cache-filter=a", "."],
    ["--pull", "."],
    ["-o", "type=tar,dest=x", "."],
    ["--push", "."],
    ["--iidfile=x", "."],
    ["--metadata-file=x", "."],
    ["--platform=linux/arm64", "."],
    ["--build-context=a=b", "."],
    ["--secret=id=a", "."],
    ["--ssh=default", "."],
    ["--add-host=a:host-gateway", "."],
    ["--allow=network.host", "."],
    ["--cache-from=a", "."],
    ["--cache-to=type=inline", "."],
    ["--provenance=true", "."],
    ["--sbom=true", "."],
    ["--reproducible", "."],
    ["--check", "."],
    ["-D", "."],
    ["--build-arg=A", "."],
    ["--build-arg=API_KEY=1", "."],
    ["--build-arg=A=https://user:word@example.com/", "."],
    ["--label=token=1", "."],
  ]) {
    it(`may not be told ${argv.join(" ")}`, () => {
      assert.isFalse(isRepeatable(parseBuild(argv)));
    });
  }

  for (const lines of [
    "COPY a /\nRUN b\nWORKDIR /c\nADD d.tar /",
    "COPY --from=image a /",
    "RUN --mount=type=bind,target=/b --mount=type=cache,target=/c --mount=type=secret,id=d e",
  ]) {
    it(`may have steps like ${JSON.stringify(lines)}`, () => {
      assert.isTrue(isLocal(planOf(`FROM base\n${lines}`)));
    });
  }

  for (const lines of [
    "ADD https://example.com/a /",
    "ADD https://example.com/a.git /",
    "RUN --device=acme.com/gpu a",
  ]) {
    it(`may not have steps like ${JSON.stringify(lines)}`, () => {
      assert.isFalse(isLocal(planOf(`FROM base\n${lines}`)));
    });
  }

  it("has no SOURCE_DATE_EPOCH, which may be the time of something", () => {
    const buildArgs = new Map([["SOURCE_DATE_EPOCH", "7"]]);
    assert.isFalse(isLocal(planOf("FROM base", { buildArgs })));
  });
});
