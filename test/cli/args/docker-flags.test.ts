import { assert } from "chai";
import { parseCommand } from "../../../src/cli/parse-command.js";
import { BuildError } from "../../../src/error.js";

/** Every flag of `docker buildx build --help`, and those that it hides, with what scripts give them. */
const flags: readonly (readonly [row: string, ...uses: readonly string[]])[] = [
  ["F01", "--add-host=a:1.2.3.4"],
  ["F02", "--allow=network.host"],
  ["F03", "--annotation=a=b"],
  ["F04", "--attest=type=sbom", "--attest=type=sbom,generator=a"],
  ["F05", "--build-arg=A=1"],
  ["F06", "--build-context=a=dir"],
  ["F09", "--call=outline"],
  ["F10", "--check"],
  ["F11", "--cgroup-parent=a"],
  ["F07", "--debug", "-D"],
  ["F12", "--file=f", "-f=f"],
  ["F13", "--iidfile=f"],
  ["F14", "--label=a=b"],
  ["F15", "--load"],
  ["F16", "--metadata-file=f"],
  ["F17", "--network=none"],
  ["F18", "--no-cache", "--no-cache-filter=a"],
  ["F19", "--output=out", "-o=out"],
  ["F20", "--platform=linux/amd64", "--platform=linux/amd64,linux/arm64", "--platform=local"],
  ["F22", "--progress=plain"],
  ["F04", "--attest=type=provenance", "--attest=type=sbom,disabled=true"],
  ["F23", "--provenance=false", "--sbom=false", "--provenance=true", "--provenance=mode=max"],
  ["F23", "--sbom=true", "--sbom=generator=a"],
  ["F24", "--pull"],
  ["F25", "--push"],
  ["F08", "--cache-from=user/app:cache", "--cache-from=type=local,src=d", "--cache-to=type=inline"],
  ["F26", "--quiet", "-q"],
  ["F27", "--memory=1g", "-m=1g", "-c=2", "--cpu-period=1000", "--cpu-quota=1000"],
  ["F27", "--cpu-shares=2", "--cpuset-cpus=0", "--cpuset-mems=0", "--resource=memory=1g"],
  ["F28", "--secret=id=a"],
  ["F29", "--shm-size=1m", "--ulimit=nofile=1"],
  ["F30", "--ssh=default"],
  ["F31", "--tag=a", "-t=a"],
  ["F32", "--target=a"],
  [
    "F33",
    "--compress",
    "--isolation=default",
    "--security-opt=a",
    "--squash",
    "--rm",
    "--force-rm",
    "--print=outline",
  ],
];

/** Those that are errors, with what is said to do instead. */
const missing: readonly (readonly [row: string, use: string, hint: RegExp])[] = [
  ["F07", "--builder=default", /is its own builder/],
  ["F08", "--cache-from=type=azblob,name=a", /type=s3 and type=registry/],
  ["F21", "--policy=filename=f", /every source is allowed/],
];

describe("flags of docker buildx build", () => {
  for (const [row, ...uses] of flags) {
    for (const use of uses) {
      it(`${row} ${use} is taken`, () => {
        assert.strictEqual(parseCommand([use, "."]).kind, "build");
      });
    }
  }

  for (const [row, use, hint] of missing) {
    it(`${row} ${use} is an error that says why`, () => {
      try {
        parseCommand([use, "."]);
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        assert.strictEqual(error.code, "UNSUPPORTED");
        assert.match(error.hint ?? "", hint);
        return;
      }
      assert.fail("it was accepted");
    });
  }
});
