import { assert } from "chai";
import { editsOf } from "../../../src/exec/devices/edits.js";
import type { DeviceEdits } from "../../../src/exec/device-edits.js";
import { failureOf } from "../../oci/build-errors.js";
import { gadgets, Specifications } from "./specifications.js";

async function editsFor(
  devices: Readonly<Record<string, object>>,
  more: object = {},
): Promise<DeviceEdits> {
  const edited = Object.entries(devices).map(([name, edits]) => [name, { containerEdits: edits }]);
  const content = gadgets(Object.fromEntries(edited) as Record<string, object>, more);
  await using files = await Specifications.write({ "etc/acme.json": content });
  return await editsOf((await files.read()).find({ name: "acme.com/gadget=*", required: true }));
}

describe("editsOf()", () => {
  it("R12 does what a file says of all its devices once, and first", async () => {
    const edits = await editsFor(
      { a: { env: ["A=1"], additionalGids: [7] }, b: { env: ["B=1"] } },
      { containerEdits: { env: ["ALL=1"], additionalGids: [6] } },
    );
    assert.deepEqual(edits.env, ["ALL=1", "A=1", "B=1"]);
    assert.deepEqual(edits.additionalGids, [6, 7]);
  });

  it("R12 knows nodes by what the file says, else by those of the host", async () => {
    const { nodes } = await editsFor({
      a: {
        deviceNodes: [
          { path: "/dev/zero" },
          { path: "/dev/x", hostPath: "/dev/null", permissions: "r", uid: 1, gid: 2 },
          { path: "/dev/y", type: "b", major: 7, minor: 1, fileMode: 0o600 },
          { path: "/dev/u", type: "u", major: 1, minor: 3 },
          { path: "/run/pipe", type: "p" },
        ],
      },
    });
    const none = { fileMode: undefined, uid: undefined, gid: undefined };
    const of = (path: string, source = path, access = "rwm") => ({ ...none, path, source, access });
    assert.deepEqual(nodes, [
      { ...of("/dev/zero"), type: "c", major: 1, minor: 5 },
      { ...of("/dev/x", "/dev/null", "r"), type: "c", major: 1, minor: 3, uid: 1, gid: 2 },
      { ...of("/dev/y"), type: "b", major: 7, minor: 1, fileMode: 0o600 },
      { ...of("/dev/u"), type: "c", major: 1, minor: 3 },
      { ...of("/run/pipe"), type: "p", major: 0, minor: 0 },
    ]);
  });

  it("R12 mounts files of the host", async () => {
    const { mounts } = await editsFor({
      a: {
        mounts: [
          {
            hostPath: "/usr/lib/x.so",
            containerPath: "/lib/x.so",
            options: ["ro", "nosuid", "bind"],
          },
          { hostPath: "/srv", containerPath: "/srv", type: "none" },
        ],
      },
    });
    assert.deepEqual(mounts, [
      {
        ...{ kind: "bind", source: "/usr/lib/x.so", target: "/lib/x.so" },
        ...{ readonly: true, options: ["nosuid"] },
      },
      { kind: "bind", source: "/srv", target: "/srv", readonly: false, options: [] },
    ]);
  });

  it("R12 sorts hooks by when they run", async () => {
    const hook = { path: "/bin/true", args: ["true"] };
    const { hooks } = await editsFor({
      a: { hooks: [{ hookName: "createContainer", ...hook }] },
      b: {
        hooks: [
          { hookName: "poststop", ...hook, timeout: 3 },
          { hookName: "createContainer", path: "/x" },
        ],
      },
    });
    const want = { createContainer: [hook, { path: "/x" }], poststop: [{ ...hook, timeout: 3 }] };
    assert.deepEqual(hooks, want);
  });

  const refused: readonly (readonly [
    name: string,
    edits: object,
    code: "SANDBOX" | "UNSUPPORTED",
    why: RegExp,
  ])[] = [
    ["what it does not know", { intelRdt: {} }, "UNSUPPORTED", /its "intelRdt" is not supported/],
    [
      "a mount of memory",
      { mounts: [{ hostPath: "x", containerPath: "/x", type: "tmpfs" }] },
      "UNSUPPORTED",
      /a mount of type "tmpfs"/,
    ],
    [
      "a hook of no known time",
      { hooks: [{ hookName: "later", path: "/x" }] },
      "UNSUPPORTED",
      /a hook "later"/,
    ],
    [
      "a type of node",
      { deviceNodes: [{ path: "/x", type: "z", major: 1 }] },
      "UNSUPPORTED",
      /the type "z" of "\/x"/,
    ],
    [
      "a node that is missing",
      { deviceNodes: [{ path: "/dev/no-such" }] },
      "SANDBOX",
      /there is no "\/dev\/no-such"/,
    ],
    [
      "a file as a node",
      { deviceNodes: [{ path: "/etc/passwd" }] },
      "SANDBOX",
      /"\/etc\/passwd" is not a device/,
    ],
  ];
  for (const [name, edits, code, why] of refused) {
    it(`R12 refuses ${name}`, async () => {
      const error = await failureOf(() => editsFor({ a: edits }), code);
      assert.match(error.message, /^Cannot use device "acme\.com\/gadget=a": /);
      assert.match(error.message, why);
    });
  }
});
