import { assert } from "chai";
import { requestArgs } from "../../../src/cli/build/request.js";
import { parseCommand } from "../../../src/cli/parse-command.js";

function argsOf(...flags: readonly string[]): Readonly<Record<string, string>> {
  const command = parseCommand(["build", ...flags, "."]);
  if (command.kind !== "build") return assert.fail("no build");
  return requestArgs(command, { buildArgs: new Map([["A", "1"]]), labels: command.labels });
}

describe("requestArgs()", () => {
  const cases = [
    [["--target=web"], { target: "web" }],
    [["--network=none"], { "force-network-mode": "none" }],
    [["--network=default"], {}],
    [["--add-host=a:1.2.3.4", "--add-host=b:::1"], { "add-hosts": "a=1.2.3.4,b=::1" }],
    [["--shm-size=64m", "--ulimit=nofile=5:6"], { "shm-size": "67108864", ulimit: "nofile=5:6" }],
    [["--no-cache"], { "no-cache": "" }],
    [["--no-cache-filter=a,b"], { "no-cache": "a,b" }],
    [["--cgroup-parent=/x"], { "cgroup-parent": "/x" }],
    [["--label=l=m"], { "label:l": "m" }],
    [["--build-context=n=dir"], { "context:n": "local:n" }],
    [["--build-context=n=oci-layout:///secret/x"], { "context:n": "oci-layout:n" }],
    [["--build-context=n=docker-image://a"], { "context:n": "docker-image://a" }],
    [
      ["--build-context=n=https://u:pw@example.com/x"],
      { "context:n": "https://****@example.com/x" },
    ],
  ] as const;
  for (const [flags, args] of cases) {
    it(`A01 tells of ${flags.join(" ")} as BuildKit does`, () => {
      assert.deepStrictEqual<object>(argsOf(...flags), { "build-arg:A": "1", ...args });
    });
  }
});
