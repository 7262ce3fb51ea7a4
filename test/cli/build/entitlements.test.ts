import { assert } from "chai";
import { checkEntitlements } from "../../../src/cli/build/entitlements.js";
import { parseCommand } from "../../../src/cli/parse-command.js";
import { failureOf } from "../../oci/build-errors.js";
import { planOf } from "../../plan/planning.js";

function check(line: string, ...flags: readonly string[]): void {
  const command = parseCommand(["build", ...flags, "."]);
  if (command.kind !== "build") throw new Error("it is not a build");
  checkEntitlements(planOf(`FROM scratch\n${line}`, { network: command.network }), command);
}

describe("checkEntitlements()", () => {
  const allowed: readonly (readonly [string, ...(readonly string[])])[] = [
    ["RUN a"],
    ["RUN --network=none a"],
    ["RUN --security=sandbox a"],
    ["RUN --network=host a", "--allow", "network.host"],
    ["RUN --network=host a", "--network=host"],
    ["RUN a", "--network=host"],
    ["RUN --security=insecure a", "--allow", "security.insecure"],
    [
      "RUN --security=insecure --network=host a",
      "--allow=security.insecure",
      "--allow=network.host",
    ],
  ];
  for (const [line, ...flags] of allowed) {
    it(`lets "${line}" pass with ${flags.join(" ") || "no flags"}`, () => {
      check(line, ...flags);
    });
  }

  const refused: readonly (readonly [string, string, ...(readonly string[])])[] = [
    ["network.host", "RUN --network=host a"],
    ["network.host", "RUN --network=host a", "--allow=security.insecure"],
    ["security.insecure", "RUN --security=insecure a"],
    ["security.insecure", "RUN --security=insecure a", "--allow=network.host"],
    ["network.host", "RUN --security=insecure --network=host a", "--allow=security.insecure"],
  ];
  for (const [wanted, line, ...flags] of refused) {
    it(`refuses "${line}" with ${flags.join(" ") || "no flags"}`, async () => {
      const error = await failureOf(() => {
        check(line, ...flags);
      }, "USAGE");
      assert.strictEqual(error.message, `Cannot run the step: it needs the entitlement ${wanted}`);
      assert.strictEqual(error.hint, `--allow ${wanted} gives it`);
      assert.isDefined(error.at);
    });
  }
});
