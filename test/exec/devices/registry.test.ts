import { assert } from "chai";
import { notGranted } from "../../../src/exec/devices/grants.js";
import { failureOf } from "../../oci/build-errors.js";
import { gadgets, Specifications } from "./specifications.js";

const CLASS = "org.mobyproject.buildkit.device.class";
const AUTOALLOW = "org.mobyproject.buildkit.device.autoallow";

const acme = gadgets(
  {
    two: {},
    one: { annotations: { [CLASS]: "fast" } },
    fast2: { annotations: { [CLASS]: "fast" } },
  },
  { annotations: { [CLASS]: "any" } },
);

describe("DeviceRegistry", () => {
  const finds: readonly (readonly [wanted: string, names: readonly string[]])[] = [
    ["acme.com/gadget=one", ["one"]],
    ["acme.com/gadget=*", ["fast2", "one", "two"]],
    ["acme.com/gadget", ["fast2"]],
    ["acme.com/gadget=fast", ["fast2", "one"]],
    ["acme.com/gadget=any", ["two"]],
    ["acme.com/gadget=none", []],
    ["acme.com/other", []],
    ["acme.com/gad=*", []],
  ];
  for (const [name, names] of finds) {
    it(`R12 find() takes "${name}" for ${names.join(" and ") || "nothing"}`, async () => {
      await using files = await Specifications.write({ "etc/acme.json": acme });
      const found = (await files.read()).find({ name, required: false });
      assert.deepEqual(
        found.map((device) => device.name),
        names.map((one) => `acme.com/gadget=${one}`),
      );
    });
  }

  it("R12 find() says what is missing, and what was meant", async () => {
    await using files = await Specifications.write({ "etc/acme.json": acme });
    const registry = await files.read();
    const request = { name: "acme.com/gadget=onee", required: true };
    const error = await failureOf(() => registry.find(request), "SANDBOX");
    assert.strictEqual(
      error.message,
      'Cannot use device "acme.com/gadget=onee": it is not registered',
    );
    assert.strictEqual(error.hint, 'did you mean "acme.com/gadget=one"?');
  });

  it("find() tells where it looked in vain, and which files it could not use", async () => {
    await using files = await Specifications.write({
      "etc/a.json": "{",
      "etc/b.json": gadgets({}, { cdiVersion: "7" }),
      "etc/c.yaml": "kind: [",
      "etc/d.json": gadgets({ "-": {} }),
      "etc/e.json": gadgets({ x: { containerEdits: { env: "A=b" } } }),
      "etc/f.json": gadgets({}, { kind: "none" }),
      "etc/readme.txt": "{",
    });
    const registry = await files.read();
    const request = { name: "a/b", required: true };
    const { hint = "" } = await failureOf(() => registry.find(request), "SANDBOX");
    assert.match(hint, /^no device is described in \S+etc, \S+run; /);
    assert.match(hint, /b\.json": invalid version 7/);
    assert.match(hint, /d\.json": invalid device "-"/);
    assert.match(hint, /e\.json": device "x"\.env: want a list/);
    assert.match(hint, /f\.json": invalid kind "none"/);
    assert.lengthOf(hint.split("; "), 7);
  });

  it("takes the device of the later directory, and none that one directory has twice", async () => {
    const named = (env: string) => gadgets({ one: { containerEdits: { env: [env] } } });
    await using files = await Specifications.write({
      "etc/a.json": named("A=etc"),
      "run/a.json": named("A=run"),
      "run/twice.yaml": "cdiVersion: 0.3.0\nkind: b/c\ndevices:\n- name: x\n  containerEdits: {}",
      "run/twice.yml": "cdiVersion: 0.3.0\nkind: b/c\ndevices:\n- name: x\n  containerEdits: {}",
    });
    const registry = await files.read();
    const [one] = registry.find({ name: "acme.com/gadget=one", required: true });
    assert.deepEqual(one?.entry.containerEdits?.env, ["A=run"]);
    const twice = await failureOf(
      () => registry.find({ name: "b/c=x", required: true }),
      "SANDBOX",
    );
    assert.match(twice.hint ?? "", /"b\/c=x" is in "\S+run" more than once/);
  });

  it("reads YAML as vendors write it, with numbers for names in quotes and empty lists as null", async () => {
    const text = `---
cdiVersion: "0.5.0"
kind: nvidia.com/gpu
containerEdits:
  env: [NVIDIA_VISIBLE_DEVICES=void]
  mounts: null
devices:
- name: "0"
  containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
      fileMode: 0o666
- name: all
  containerEdits: {}`;
    await using files = await Specifications.write({ "etc/nvidia.yaml": text });
    const [gpu] = (await files.read()).find({ name: "nvidia.com/gpu", required: true });
    assert.deepEqual(gpu?.entry.containerEdits?.deviceNodes, [
      { path: "/dev/nvidia0", fileMode: 0o666 },
    ]);
    assert.deepEqual(gpu?.spec.containerEdits, { env: ["NVIDIA_VISIBLE_DEVICES=void"] });
  });
});

describe("notGranted()", () => {
  const cases: readonly (readonly [grants: readonly string[], refused: readonly string[]])[] = [
    [[], ["one", "two"]],
    [["acme.com/gadget=one"], ["two"]],
    [["acme.com/gadget=*"], []],
    [["acme.com/gadget"], ["one", "two"]],
    [["acme.com/other=*", "acme.com/gadget=two"], ["one"]],
  ];
  for (const [grants, refused] of cases) {
    it(`R12 refuses ${refused.join(" and ") || "nothing"} with ${grants.join(" and ") || "no grant"}`, async () => {
      const free = { annotations: { [AUTOALLOW]: "true" } };
      const bound = { annotations: { [AUTOALLOW]: "0" } };
      const devices = { free, one: {}, two: bound };
      await using files = await Specifications.write({ "run/acme.json": gadgets(devices) });
      const registry = await files.read();
      const request = { name: "acme.com/gadget=*", required: true };
      assert.deepEqual(
        notGranted(request, grants, registry).map(({ entry }) => entry.name),
        refused,
      );
    });
  }
});
