import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { planOf, stepOf, targetOf, type Given } from "./planning.js";

/** The mounts of `RUN --mount=…` in a stage with a WORKDIR, without their places. */
function mountsOf(flags: string, given: Given = {}) {
  const text = `FROM a AS one\nFROM base\nARG v=val\nWORKDIR /w\nRUN ${flags} true`;
  return stepOf(planOf(text, given), "run").mounts.map(({ at: _, ...mount }) => mount);
}

const context = { kind: "context" } as const;
const root = { uid: 0, gid: 0 };

describe("makePlan(): RUN --mount", () => {
  const cases: readonly (readonly [name: string, flags: string, mount: object, given?: Given])[] = [
    [
      "R02 is a bind mount of the context by default",
      "--mount=target=/x",
      { kind: "bind", target: "/x", origin: context, source: "/", readonly: true },
    ],
    [
      "R02 takes keys in any case, and their aliases",
      "--mount=TYPE=bind,Src=a/../b,DST=/x,rw",
      { kind: "bind", target: "/x", origin: context, source: "/b", readonly: false },
    ],
    [
      "R02 fills in variables, but not in keys",
      "--mount=type=cache,id=${v}-id,target=/$v",
      {
        ...{ kind: "cache", target: "/val", id: "/val-id", sharing: "shared", readonly: false },
        ...{ seed: undefined, owner: undefined },
      },
    ],
    [
      "R02 lets the later of two values count",
      "--mount=type=tmpfs,target=/a,target=/b,readonly,readonly=false",
      { kind: "tmpfs", target: "/b", size: undefined, readonly: false },
    ],
    [
      "R02 takes quoted fields",
      `--mount='type=bind,"target=/a,b"'`,
      { kind: "bind", target: "/a,b", origin: context, source: "/", readonly: true },
    ],
    [
      "R03 puts a relative target below WORKDIR",
      "--mount=target=x/../y",
      { kind: "bind", target: "/w/y", origin: context, source: "/", readonly: true },
    ],
    [
      "R03 takes WORKDIR itself without a target",
      "--mount=type=tmpfs,size=1.5m",
      { kind: "tmpfs", target: "/w", size: 1572864, readonly: false },
    ],
    [
      "R04 mounts nothing from scratch",
      "--mount=from=scratch,target=/x,rw",
      { kind: "bind", target: "/x", origin: undefined, source: "/", readonly: false },
    ],
    [
      "R05 names a cache by its clean target in the namespace of BUILDKIT_CACHE_MOUNT_NS",
      "--mount=type=cache,target=/c//d/,sharing=locked,ro",
      {
        ...{ kind: "cache", target: "/c/d", id: "ns//c/d", sharing: "locked", readonly: true },
        ...{ seed: undefined, owner: undefined },
      },
      { buildArgs: new Map([["BUILDKIT_CACHE_MOUNT_NS", "ns"]]) },
    ],
    [
      "R05 fills a new cache from a stage, and gives it an owner",
      "--mount=type=cache,target=/c,from=ONE,source=/d,uid=5,mode=1777",
      {
        ...{ kind: "cache", target: "/c", id: "//c", sharing: "shared", readonly: false },
        ...{ seed: { origin: { kind: "stage", stage: 0 }, source: "/d" } },
        ...{ owner: { uid: 5, gid: 0, mode: 0o1777 } },
      },
    ],
    [
      "R08 puts a secret below /run/secrets by the base name of its id",
      "--mount=type=secret,id=a/b",
      {
        ...{ kind: "secret", id: "a/b", target: "/run/secrets/b", env: undefined },
        ...{ required: false, owner: { ...root, mode: 0o400 } },
      },
    ],
    [
      "R08 names a secret by its target",
      "--mount=type=secret,target=t/netrc,required,mode=0444,gid=7",
      {
        ...{ kind: "secret", id: "netrc", target: "/w/t/netrc", env: undefined },
        ...{ required: true, owner: { uid: 0, gid: 7, mode: 0o444 } },
      },
    ],
    [
      "R08 gives a secret as a variable, without a file",
      "--mount=type=secret,id=s,env=S",
      {
        ...{ kind: "secret", id: "s", target: undefined, env: "S" },
        ...{ required: false, owner: { ...root, mode: 0o400 } },
      },
    ],
    [
      "R09 has an agent's socket at a place of its own",
      "--mount=type=ssh,required=1",
      {
        ...{ kind: "ssh", id: "default", target: "/run/buildkit/ssh_agent.0" },
        ...{ required: true, owner: { ...root, mode: 0o600 } },
      },
    ],
  ];
  for (const [name, flags, mount, given] of cases) {
    it(name, () => {
      assert.deepEqual(mountsOf(flags, given), [mount]);
    });
  }

  it("mounts in the order of targets, so that one may lie within another", () => {
    const flags = "--mount=type=tmpfs,target=/a/b --mount=target=/b --mount=target=/a";
    assert.deepEqual(
      mountsOf(flags).map(({ target }) => target),
      ["/a", "/a/b", "/b"],
    );
  });

  it("R09 tells the step of its first agent, unless it knows another", () => {
    const flags = "--mount=type=ssh,target=/z --mount=type=ssh";
    const env = stepOf(planOf(`FROM a\nRUN ${flags} x`), "run").env;
    assert.include(env, "SSH_AUTH_SOCK=/z");
    const own = stepOf(planOf(`FROM a\nENV SSH_AUTH_SOCK=/mine\nRUN ${flags} x`), "run").env;
    assert.notInclude(own, "SSH_AUTH_SOCK=/z");
  });

  it("R08, R09, R05 take an empty id for none", () => {
    const ids = (mount: string): readonly unknown[] =>
      mountsOf(`--mount=type=${mount}`).map((one) => "id" in one && one.id);
    assert.deepStrictEqual(ids("secret,id=,target=/t/netrc"), ["netrc"]);
    assert.deepStrictEqual(ids("secret,id=$none,source=a"), ["a"]);
    assert.deepStrictEqual(ids("secret,id=a,source=$none"), ["a"]);
    assert.deepStrictEqual(ids("ssh,id=$none"), ["default"]);
    assert.deepStrictEqual(ids("cache,id=$none,target=/c"), ids("cache,target=/c"));
  });

  it("X14 shows a secret variable as **** and keeps it out of the history", () => {
    const plan = planOf("FROM a\nENV S=plain\nRUN --mount=type=secret,id=s,env=S echo $S ${T}");
    const title = "RUN --mount=type=secret,id=s,env=S echo **** ${T}";
    assert.strictEqual(stepOf(plan, "run").title, title);
    assert.strictEqual(
      targetOf(plan).history.at(-1)?.entry.created_by,
      "RUN /bin/sh -c echo $S ${T} # buildkit",
    );
  });

  it("S04 builds the stages and asks for the images that mounts read", () => {
    const text =
      "FROM a AS one\nFROM a AS unused\nFROM base\n" +
      "RUN --mount=from=one,target=/1 --mount=from=img,target=/2 --mount=from=0,target=/3 x";
    const plan = planOf(text);
    assert.deepEqual(
      plan.stages.map(({ name }) => name),
      ["one", "stage-2"],
    );
    const origins = stepOf(plan, "run").mounts.map((mount) =>
      mount.kind === "bind" ? mount.origin : undefined,
    );
    assert.deepInclude(origins, { kind: "stage", stage: 0 });
    assert.includeMembers(
      plan.images.map(({ reference }) => reference),
      ["img", "0"],
    );
  });

  it("S19 reads mounts of ONBUILD when it is triggered", () => {
    const images = { base: { OnBuild: ["RUN --mount=from=tools,target=/t x"] } };
    const plan = planOf("FROM busybox AS tools\nFROM base", { images });
    assert.deepInclude(stepOf(plan, "run").mounts[0], { origin: { kind: "stage", stage: 0 } });
  });

  const refused: readonly (readonly [flags: string, message: string, hint?: string])[] = [
    ["--mount=type=cach,target=/c", 'unsupported mount type "cach"', 'did you mean "cache"?'],
    ["--mount=tpe=cache", 'unexpected key "tpe" in "tpe=cache"', 'did you mean "type"?'],
    ["--mount=target=/c,z", 'unexpected key "z"'],
    ["--mount=target", '"target" must have a value: target=…'],
    ["--mount=type=cache,target=/c,sharing=loked", 'sharing "loked"', 'did you mean "locked"?'],
    ["--mount=target=/c,sharing=locked", 'unexpected key "sharing" for mount type "bind"'],
    ["--mount=target=/c,required", 'unexpected key "required" for mount type "bind"'],
    ["--mount=size=1m,type=tmpfs,target=/x", 'unexpected key "size" for mount type "bind"'],
    ["--mount=type=tmpfs,target=/x,uid=1", 'unexpected key "uid" for mount type "tmpfs"'],
    ["--mount=type=tmpfs,target=/x,size=big", 'invalid value "big" for size'],
    ["--mount=type=cache,target=/x,mode=888", 'invalid value "888" for mode'],
    ["--mount=type=cache,target=/x,uid=4294967296", 'invalid value "4294967296" for uid'],
    ["--mount=type=cache,target=/x,ro=maybe", 'invalid value "maybe" for readonly'],
    ["--mount=type=cache,target=/x,source=/a", 'there is no "/a" in a new cache'],
    ["--mount=type=secret", "want one of id, source and target"],
    ["--mount=type=secret,id=a,source=b", "id and source are the same"],
    ["--mount=type=secret,id=a,from=one", "a secret is not mounted from anywhere"],
    ["--mount=from=$v,target=/x", '"from=$v" must not have variables'],
    ["--mount=target=/", 'invalid mount target "/"'],
    ["--mount=target=../..", 'invalid mount target "../.."'],
    [`--mount='target="/a'`, "a quote is not closed"],
  ];
  it("S03 refuses a mount from a later stage, where it is built", () => {
    const text = "FROM a AS one\nRUN --mount=from=later,target=/x x\nFROM b AS later";
    assert.lengthOf(planOf(text).stages, 1);
    const act = (): unknown => planOf(text, { target: "one" });
    assert.throws(act, BuildError, 'Cannot use stage "later" in stage "one"');
  });

  for (const [flags, message, hint] of refused) {
    it(`R02 refuses ${flags}, also where it is never built`, () => {
      const text = `FROM a\nARG v\nWORKDIR /w\nRUN ${flags} x\nFROM b AS later`;
      try {
        planOf(text);
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        assert.include(error.message, message);
        assert.strictEqual(error.at?.source.text.slice(error.at.start, error.at.end), flags);
        if (hint !== undefined) assert.strictEqual(error.hint, hint);
        return;
      }
      assert.fail("no error");
    });
  }
});
