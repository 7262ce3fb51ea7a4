import { assert } from "chai";
import * as fc from "fast-check";
import { stepIdentities } from "../../src/cache/step-identity.js";
import { runKey, type RunFacts } from "../../src/cache/run-key.js";
import { selectionKey } from "../../src/cache/copy-key.js";
import { stateKey } from "../../src/cache/key.js";
import { digestOf } from "../../src/oci/digest.js";
import type { RunDevice } from "../../src/plan/run-device.js";
import type { RunMount } from "../../src/plan/run-mount.js";
import type { RunStep } from "../../src/plan/step.js";
import type { TreeDigest } from "../../src/snapshotter/snapshotter.js";

const step: RunStep = {
  kind: "run",
  title: "RUN make all",
  at: { source: { name: "Dockerfile", text: "RUN make all" }, start: 0, end: 12 },
  argv: ["/bin/sh", "-c", "make all"],
  env: ["PATH=/bin", "VERSION=1"],
  proxyEnv: [],
  user: "",
  cwd: "/",
  network: "default",
  security: "sandbox",
  mounts: [],
  devices: [],
  script: undefined,
  written: { shell: [], line: "make", heredocs: [], args: ["VERSION"] },
};
const tree = (text: string) => digestOf(text).slice(7) as TreeDigest;
const facts: RunFacts = {
  parent: stateKey([], [tree("a")]),
  platform: "linux/amd64",
  hostname: undefined,
  extraHosts: ["db", "web"],
  ulimits: [],
  shmSize: undefined,
  contents: [],
};

function keyOf(change: Partial<RunStep> = {}, factChange: Partial<RunFacts> = {}): string {
  return runKey({ ...step, ...change }, { ...facts, ...factChange }).key;
}

function device(name: string, required: boolean): RunDevice {
  return { at: step.at, name, required };
}

const { at } = step;
const owner = { uid: 1, gid: 2, mode: 0o400 };
const bind = {
  at,
  kind: "bind",
  target: "/b",
  origin: undefined,
  source: "/",
  readonly: true,
} as const;
const cache = {
  ...({ at, kind: "cache", target: "/c", readonly: false } as const),
  ...({ id: "c", sharing: "shared", seed: undefined, owner: undefined } as const),
};
const tmpfs = { at, kind: "tmpfs", target: "/t", size: undefined, readonly: false } as const;
const secret = {
  at,
  kind: "secret",
  id: "s",
  target: "/s",
  env: undefined,
  required: false,
  owner,
} as const;
const ssh = { at, kind: "ssh", id: "default", target: "/a", required: false, owner } as const;

/** Of a mount, what else it may be. */
const mounts: readonly {
  readonly mount: RunMount;
  readonly others: readonly Partial<RunMount>[];
}[] = [
  { mount: bind, others: [{ target: "/x" }, { readonly: false }] },
  { mount: cache, others: [{ target: "/x" }, { readonly: true }] },
  { mount: tmpfs, others: [{ target: "/x" }, { readonly: true }, { size: 1 }, { size: 2 }] },
  {
    mount: secret,
    others: [
      { id: "x" },
      { target: "/x" },
      { env: "X" },
      { target: undefined, env: "/s" },
      { required: true },
    ],
  },
  { mount: ssh, others: [{ id: "x" }, { target: "/x" }, { required: true }] },
];
const owners = [
  { ...owner, uid: 3 },
  { ...owner, gid: 3 },
  { ...owner, mode: 0o444 },
];

const cases = [
  { name: "its title", change: { title: "RUN make  all" }, same: true },
  { name: "its place in the file", change: { at: { ...step.at, start: 1 } }, same: true },
  { name: "proxy variables", change: { proxyEnv: ["HTTP_PROXY=http://p"] }, same: true },
  { name: "the command", change: { argv: ["/bin/sh", "-c", "make"] }, same: false },
  { name: "where arguments are split", change: { argv: ["/bin/sh", "-c make all"] }, same: false },
  { name: "the shell", change: { argv: ["/bin/bash", "-c", "make all"] }, same: false },
  { name: "a variable's value", change: { env: ["PATH=/bin", "VERSION=2"] }, same: false },
  { name: "a variable's name", change: { env: ["PATH=/bin", "REVISION=1"] }, same: false },
  { name: "the order of variables", change: { env: ["VERSION=1", "PATH=/bin"] }, same: false },
  { name: "a missing variable", change: { env: ["PATH=/bin"] }, same: false },
  { name: "the user", change: { user: "0" }, same: false },
  { name: "the working directory", change: { cwd: "/src" }, same: false },
  { name: "the network mode", change: { network: "none" as const }, same: false },
  { name: "the security mode", change: { security: "insecure" as const }, same: false },
  { name: "R12 a device", change: { devices: [device("v/c=1", true)] }, same: false },
  { name: "a script", change: { script: { name: "EOF", body: "#!/bin/sh\n" } }, same: false },
];

describe("runKey()", () => {
  for (const { name, change, same } of cases) {
    it(`${same ? "ignores" : "sees"} ${name}`, () => {
      assert.strictEqual(keyOf(change) === keyOf(), same);
    });
  }

  it("sees the parent and the names of extra hosts", () => {
    assert.notStrictEqual(keyOf({}, { parent: stateKey([], [tree("b")]) }), keyOf());
    assert.notStrictEqual(keyOf({}, { extraHosts: ["db"] }), keyOf());
  });

  it("K07 sees ulimits and the size of /dev/shm, and whether there are any", () => {
    const others = [
      { ulimits: ["nofile=1024:2048"] },
      { ulimits: ["nofile=1024:4096"] },
      { shmSize: 1024 },
      { shmSize: 2048 },
    ];
    const keys = [keyOf(), ...others.map((change) => keyOf({}, change))];
    assert.lengthOf(new Set(keys), keys.length);
  });

  it("sees the content that a bind mount shows, and not where it is from", () => {
    const mount = { at: step.at, kind: "bind", target: "/src", readonly: true } as const;
    const context = { ...mount, origin: { kind: "context" }, source: "/" } as const;
    const key = (content: string | undefined, source = "/"): string =>
      keyOf({ mounts: [{ ...context, source }] }, { contents: [content] });
    assert.lengthOf(new Set([key("a"), key("b"), key(undefined)]), 3);
    assert.strictEqual(key("a", "/sub"), key("a"));
  });

  for (const { mount, others } of mounts) {
    it(`sees what a ${mount.kind} mount is, and that there is one`, () => {
      const owned = mount.kind === "secret" || mount.kind === "ssh" ? owners : [];
      const changes = [{}, ...others, ...owned.map((each) => ({ owner: each }))];
      const keys = changes.map((change) =>
        keyOf({ mounts: [{ ...mount, ...change } as RunMount] }),
      );
      assert.lengthOf(new Set([...keys, keyOf()]), changes.length + 1);
    });
  }

  it("ignores what a cache mount is called, and who shares it", () => {
    const renamed = { ...cache, id: "d", sharing: "locked" } as const;
    assert.strictEqual(keyOf({ mounts: [renamed] }), keyOf({ mounts: [cache] }));
  });

  it("R12 K07 sees of a device its name only", () => {
    const [one, needed, other] = [
      device("v/c=1", false),
      device("v/c=1", true),
      device("v/c", true),
    ];
    assert.strictEqual(keyOf({ devices: [one] }), keyOf({ devices: [needed] }));
    assert.notStrictEqual(keyOf({ devices: [one] }), keyOf({ devices: [other] }));
  });

  it("K07 sees a hostname that was chosen, whichever", () => {
    const keys = [undefined, "here", "there"].map((hostname) => keyOf({}, { hostname }));
    assert.lengthOf(new Set(keys), 3);
  });

  it("K07 M05 sees the platform of its stage", () => {
    assert.notStrictEqual(keyOf({}, { platform: "linux/386" }), keyOf());
  });

  it("sees what a script says, and what it is called", () => {
    const script = { name: "EOF", body: "#!/bin/sh\necho a" };
    assert.notStrictEqual(keyOf({ script: { ...script, body: "#!/bin/sh" } }), keyOf({ script }));
    assert.notStrictEqual(keyOf({ script: { ...script, name: "END" } }), keyOf({ script }));
  });

  it("keeps values out of its components: a variable may hold a secret", () => {
    const { components } = runKey({ ...step, env: ["TOKEN=hunter2"] }, facts);
    assert.include(
      components.map(({ name }) => name),
      "variable TOKEN",
    );
    assert.notInclude(JSON.stringify(components), "hunter2");
  });

  it("does not change between versions unless FORMAT does", () => {
    assert.strictEqual(keyOf(), "1504bbfdd2927565dcd4544e3fdb2b1f6c16f3c8c3b8a3377f26afd20ac285cd");
  });

  it("differs wherever argv or env differ", () => {
    const words = fc.array(fc.string({ maxLength: 3 }), { maxLength: 3 });
    fc.assert(
      fc.property(words, words, words, words, (argv, env, otherArgv, otherEnv) => {
        const same = JSON.stringify([argv, env]) === JSON.stringify([otherArgv, otherEnv]);
        assert.strictEqual(
          keyOf({ argv, env }) === keyOf({ argv: otherArgv, env: otherEnv }),
          same,
        );
      }),
    );
  });
});

describe("selectionKey()", () => {
  const source = { name: "src", tree: tree("a"), implied: [] };
  const selections = [
    { name: "nothing", key: selectionKey([]) },
    { name: "a source", key: selectionKey([source]) },
    { name: "another content", key: selectionKey([{ ...source, tree: tree("b") }]) },
    { name: "another name", key: selectionKey([{ ...source, name: "lib" }]) },
    { name: "an implied directory", key: selectionKey([{ ...source, implied: ["d"] }]) },
    {
      name: "an implied directory that could be a source",
      key: selectionKey([{ ...source, implied: ["src", tree("a")] }]),
    },
    { name: "the source twice", key: selectionKey([source, source]) },
  ];
  it("tells selections apart", () => {
    assert.strictEqual(new Set(selections.map(({ key }) => key)).size, selections.length);
  });
});

describe("stateKey()", () => {
  const [a, b] = [digestOf("a"), digestOf("b")];
  const states = [
    { name: "nothing", key: stateKey([]) },
    { name: "a base", key: stateKey([a]) },
    { name: "a base of two layers", key: stateKey([a, b]) },
    { name: "the same in another order", key: stateKey([b, a]) },
    { name: "a layer of a step", key: stateKey([], [tree("a")]) },
    { name: "a base and a layer", key: stateKey([a], [tree("b")]) },
    { name: "a base and two layers", key: stateKey([a], [tree("b"), tree("a")]) },
    { name: "a base and two layers in another order", key: stateKey([a], [tree("a"), tree("b")]) },
  ];
  it("tells chains apart", () => {
    assert.strictEqual(new Set(states.map(({ key }) => key)).size, states.length);
  });
  it("is the same for the same chain", () => {
    assert.strictEqual(stateKey([a], [tree("b")]), stateKey([a], [tree("b")]));
  });
});

describe("stepIdentities()", () => {
  const place = { scope: "web", stage: "build", platform: "linux/amd64", index: 1 };
  it("finds the same command at another place, and another command at the same place", () => {
    const [command, spot] = stepIdentities(step, place);
    const moved = stepIdentities(step, { ...place, index: 2 });
    const edited = stepIdentities({ ...step, argv: ["ls"] }, place);
    assert.strictEqual(moved[0], command);
    assert.notStrictEqual(moved[1], spot);
    assert.strictEqual(edited[1], spot);
    assert.notStrictEqual(edited[0], command);
  });
  it("finds the same command for another platform last", () => {
    const other = stepIdentities(step, { ...place, platform: "linux/arm64" });
    const shared = stepIdentities(step, place).filter((one) => other.includes(one));
    assert.deepStrictEqual(shared, [other.at(-1)]);
  });
  it("keeps projects apart", () => {
    const other = stepIdentities(step, { ...place, scope: "api" });
    assert.notIncludeMembers([...other], [...stepIdentities(step, place)]);
  });
});
