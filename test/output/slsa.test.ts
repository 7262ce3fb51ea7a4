import { assert } from "chai";
import { provenanceClaim, type BuildFacts } from "../../src/output/slsa.js";

const facts: BuildFacts = {
  builderId: "https://ci.example.com/1",
  source: { uri: "https://example.com/a.git", digest: { sha1: "0" }, path: "Dockerfile" },
  request: { frontend: "dockerfile.v0", args: { target: "web" } },
  platform: "linux/amd64",
  steps: { llbDefinition: [] },
  materials: [{ uri: "pkg:docker/a@1", digest: { sha256: "1" } }],
  run: { id: "x", startedAt: new Date(0), endedAt: new Date(1000) },
  details: { vcs: { revision: "2" } },
  complete: { request: true, materials: false },
  isHermetic: true,
  isReproducible: true,
};
const none: BuildFacts = {
  ...facts,
  steps: undefined,
  run: undefined,
  isHermetic: false,
  isReproducible: false,
};

describe("provenanceClaim()", () => {
  it("A01 tells it all in the words of SLSA v1", () => {
    assert.deepStrictEqual<object>(provenanceClaim("v1", facts), {
      type: "https://slsa.dev/provenance/v1",
      predicate: {
        buildDefinition: {
          buildType:
            "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
          externalParameters: { configSource: facts.source, request: facts.request },
          internalParameters: { buildConfig: facts.steps, builderPlatform: "linux/amd64" },
          resolvedDependencies: facts.materials,
        },
        runDetails: {
          builder: { id: "https://ci.example.com/1" },
          metadata: {
            invocationId: "x",
            startedOn: "1970-01-01T00:00:00.000Z",
            finishedOn: "1970-01-01T00:00:01.000Z",
            buildkit_metadata: facts.details,
            buildkit_hermetic: true,
            buildkit_completeness: { request: true, resolvedDependencies: false },
            buildkit_reproducible: true,
          },
        },
      },
    });
  });

  it("A01 tells it all in the words of SLSA v0.2", () => {
    assert.deepStrictEqual<object>(provenanceClaim("v0.2", facts), {
      type: "https://slsa.dev/provenance/v0.2",
      predicate: {
        builder: { id: "https://ci.example.com/1" },
        buildType: "https://mobyproject.org/buildkit@v1",
        materials: facts.materials,
        invocation: {
          configSource: {
            uri: "https://example.com/a.git",
            digest: { sha1: "0" },
            entryPoint: "Dockerfile",
          },
          parameters: facts.request,
          environment: { platform: "linux/amd64" },
        },
        buildConfig: facts.steps,
        metadata: {
          buildInvocationID: "x",
          buildStartedOn: "1970-01-01T00:00:00.000Z",
          buildFinishedOn: "1970-01-01T00:00:01.000Z",
          completeness: { parameters: true, environment: true, materials: false },
          reproducible: true,
          "https://mobyproject.org/buildkit@v1#hermetic": true,
          "https://mobyproject.org/buildkit@v1#metadata": facts.details,
        },
      },
    });
  });

  for (const version of ["v1", "v0.2"] as const) {
    it(`A01 leaves away in ${version} what would be another each time, and what is not known`, () => {
      const text = JSON.stringify(provenanceClaim(version, none));
      assert.notMatch(text, /nvocation(?:Id|ID)|tartedOn|inishedOn|buildConfig|hermetic/);
    });
  }
});
