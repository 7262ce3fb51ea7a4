import { assert } from "chai";
import { checkDevices, deviceEdits } from "../../../src/cli/build/devices.js";
import { parseCommand } from "../../../src/cli/parse-command.js";
import { gadgets, Specifications } from "../../exec/devices/specifications.js";
import { failureOf } from "../../oci/build-errors.js";
import { planOf, stepOf } from "../../plan/planning.js";

const specification = gadgets({
  one: { containerEdits: { env: ["GADGET=1"] } },
  two: { containerEdits: { env: ["GADGET=2"] } },
});

function devicesOf(line: string) {
  return stepOf(planOf(`FROM scratch\n${line}`), "run").devices;
}

async function check(line: string, ...flags: readonly string[]): Promise<void> {
  const command = parseCommand(["build", ...flags, "."]);
  if (command.kind !== "build") throw new Error("it is not a build");
  await using files = await Specifications.write({ "run/acme.json": specification });
  const env = { TSBUILD_CDI_DIRS: files.directories.join(":") };
  await checkDevices(devicesOf(line), command, env);
}

describe("checkDevices()", () => {
  it("R12 looks at the usual places where TSBUILD_CDI_DIRS is empty", async () => {
    const grants = { allow: new Set<never>(), allowDevices: [] };
    const devices = devicesOf("RUN --device=nobody.example/has=this,required a");
    const failure = checkDevices(devices, grants, { TSBUILD_CDI_DIRS: "" });
    const { hint } = await failureOf(failure, "SANDBOX");
    assert.notMatch(hint ?? "", /in $/); // no place at all
  });

  const allowed: readonly (readonly [string, ...(readonly string[])])[] = [
    ["RUN --device=acme.com/other a"],
    ["RUN --device=acme.com/gadget=one a", "--allow=device"],
    ["RUN --device=acme.com/gadget=one a", "--allow=device=acme.com/gadget=one"],
    ["RUN --device=acme.com/gadget=* a", "--allow=device=acme.com/gadget=*"],
  ];
  for (const [line, ...flags] of allowed) {
    it(`R12 lets "${line}" pass with ${flags.join(" ") || "no flags"}`, async () => {
      await check(line, ...flags);
    });
  }

  const wanted = "Cannot run the step: it needs the entitlement device=acme.com/gadget";
  const refused: readonly (readonly [
    string,
    string,
    "SANDBOX" | "USAGE",
    ...(readonly string[]),
  ])[] = [
    [`${wanted}=one`, "RUN --device=acme.com/gadget=* a", "USAGE"],
    [
      `${wanted}=two`,
      "RUN --device=acme.com/gadget=* a",
      "USAGE",
      "--allow=device=acme.com/gadget",
    ],
    [
      'Cannot use device "acme.com/gadget=to": it is not registered',
      "RUN --device=acme.com/gadget=to,required a",
      "SANDBOX",
      "--allow=device",
    ],
  ];
  for (const [message, line, code, ...flags] of refused) {
    it(`R12 refuses "${line}" with ${flags.join(" ") || "no flags"}`, async () => {
      const error = await failureOf(check(line, ...flags), code);
      assert.strictEqual(error.message, message);
      assert.isDefined(error.at);
      assert.isDefined(error.hint);
    });
  }
});

describe("deviceEdits()", () => {
  it("R12 uses a device once that is named twice", async () => {
    await using files = await Specifications.write({ "etc/acme.json": specification });
    const devices = devicesOf("RUN --device=acme.com/gadget=two --device=acme.com/gadget=* a");
    const env = { TSBUILD_CDI_DIRS: files.directories.join(":") };
    assert.deepEqual((await deviceEdits(devices, env)).env, ["GADGET=2", "GADGET=1"]);
  });
});
