import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { inlineCacheKey, type ImageConfig, type RuntimeConfig } from "../../src/oci/image.js";
import { historyOf, planOf, stepOf, targetOf, type Given } from "./planning.js";

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function configOf(lines: string, given: Given = {}): RuntimeConfig {
  return targetOf(planOf(`FROM base\n${lines}`, given)).config.config ?? {};
}

/** Lines after FROM, and what they leave in the config. */
const configs: readonly (Given & {
  readonly name: string;
  readonly lines: string;
  readonly config: RuntimeConfig;
})[] = [
  {
    name: "I01: ENV replaces in place and appends",
    lines: "ENV b=2 c=3\nENV a=9",
    images: { base: { Env: ["a=1", "PATH=/bin", "b=0"] } },
    config: { Env: ["a=9", "PATH=/bin", "b=2", "c=3"] },
  },
  {
    name: "X02: ENV sees the values before it",
    lines: "ENV a=1\nENV a=2 b=$a\nENV c=$a",
    config: { Env: [path, "a=2", "b=1", "c=2"] },
  },
  {
    name: "X01: ENV expands keys too",
    lines: "ENV k=name\nENV $k=v",
    config: { Env: [path, "k=name", "name=v"] },
  },
  {
    name: "I02: LABEL keeps the base's, and the last one wins",
    lines: "LABEL b=2 a=1 b=3\nENV x=y\nLABEL $x=$x",
    images: { base: { Labels: { a: "0", z: "9" } } },
    config: { Env: [path, "x=y"], Labels: { a: "1", b: "3", y: "y", z: "9" } },
  },
  {
    name: "S20: --label wins",
    lines: "LABEL a=1 b=1",
    labels: new Map([["a", "2"]]),
    config: { Env: [path], Labels: { a: "2", b: "1" } },
  },
  {
    name: "I04, X13: EXPOSE splits what variables hold, spreads ranges, drops hosts",
    lines: 'ENV p="90 91/udp"\nEXPOSE $p 8000-8002/TCP 127.0.0.1:1:22/sctp 1:2',
    config: {
      Env: [path, "p=90 91/udp"],
      ExposedPorts: {
        "2/tcp": {},
        "22/sctp": {},
        "8000/tcp": {},
        "8001/tcp": {},
        "8002/tcp": {},
        "90/tcp": {},
        "91/udp": {},
      },
    },
  },
  {
    name: "I05: VOLUME takes words and JSON, with variables",
    lines: 'ENV v=/v\nVOLUME $v /b\nVOLUME ["/a b"]',
    config: { Env: [path, "v=/v"], Volumes: { "/a b": {}, "/b": {}, "/v": {} } },
  },
  {
    name: "I06: USER is stored as it is",
    lines: "ENV g=wheel\nUSER 1000:$g",
    config: { Env: [path, "g=wheel"], User: "1000:wheel" },
  },
  {
    name: "I07: WORKDIR joins and cleans",
    lines: "WORKDIR /a/./b/\nENV d=c\nWORKDIR ../$d/",
    config: { Env: [path, "d=c"], WorkingDir: "/a/c" },
  },
  {
    name: "I08: CMD in shell form uses SHELL",
    lines: 'SHELL ["/bin/bash", "-ec"]\nCMD echo "$x"',
    config: {
      Env: [path],
      Shell: ["/bin/bash", "-ec"],
      Cmd: ["/bin/bash", "-ec", 'echo "$x"'],
      ArgsEscaped: true,
    },
  },
  {
    name: "I08, I09: empty commands take the inherited ones away",
    lines: "CMD []\nENTRYPOINT []",
    images: { base: { Cmd: ["x"], Entrypoint: ["y"] } },
    config: { Env: [path], ArgsEscaped: true },
  },
  {
    name: "I07: an absolute WORKDIR is stored as written, a relative one cleaned",
    lines: "WORKDIR /a/..//b/",
    config: { Env: [path], WorkingDir: "/a/..//b/" },
  },
  { name: "I06: USER of nothing", lines: "USER a\nUSER $none", config: { Env: [path] } },
  {
    name: "I11: a number is a signal",
    lines: "STOPSIGNAL -1",
    config: { Env: [path], StopSignal: "-1" },
  },
  {
    name: "I12: HEALTHCHECK NONE has no use for flags",
    lines: "HEALTHCHECK --interval=5x NONE",
    config: { Env: [path], Healthcheck: { Test: ["NONE"] } },
  },
  {
    name: "P12: half a character in JSON",
    lines: String.raw`CMD ["\ud800"]`,
    config: { Env: [path], Cmd: ["\ufffd"], ArgsEscaped: true },
  },
  {
    name: "X13: EXPOSE of a variable that is empty",
    lines: "ENV e=\nEXPOSE $e",
    config: { Env: [path, "e="] },
  },
  {
    name: "I01: ENV with a name that expands to nothing",
    lines: "ENV $none=1",
    config: { Env: [path, "=1"] },
  },
  {
    name: "I09: ENTRYPOINT drops an inherited CMD",
    lines: 'ENTRYPOINT ["e"]',
    images: { base: { Cmd: ["x"] } },
    config: { Env: [path], Entrypoint: ["e"] },
  },
  {
    name: "I09: ENTRYPOINT keeps the CMD of its own stage",
    lines: 'CMD ["c"]\nENTRYPOINT e',
    config: { Env: [path], Cmd: ["c"], ArgsEscaped: true, Entrypoint: ["/bin/sh", "-c", "e"] },
  },
  {
    name: "I09: ENTRYPOINT drops the CMD of the stage that it continues",
    lines: 'CMD ["c"]\nFROM stage-0 AS x\nENTRYPOINT ["e"]',
    images: { "stage-0": { Cmd: ["x"] } },
    config: { Env: [path], Entrypoint: ["e"] },
  },
  {
    name: "I10: SHELL is inherited from the base",
    lines: "CMD x",
    images: { base: { Shell: ["/bin/ash", "-c"] } },
    config: {
      Env: [path],
      Shell: ["/bin/ash", "-c"],
      Cmd: ["/bin/ash", "-c", "x"],
      ArgsEscaped: true,
    },
  },
  {
    name: "I11: STOPSIGNAL is stored as it is",
    lines: "ENV s=term\nSTOPSIGNAL SIG$s",
    config: { Env: [path, "s=term"], StopSignal: "SIGterm" },
  },
  {
    name: "I12: HEALTHCHECK leaves out what it inherits",
    lines: "HEALTHCHECK --interval=5s --retries=2 CMD curl $x",
    config: {
      Env: [path],
      Healthcheck: { Test: ["CMD-SHELL", "curl $x"], Interval: 5_000_000_000, Retries: 2 },
    },
  },
  {
    name: "I12: HEALTHCHECK NONE",
    lines: "HEALTHCHECK NONE",
    images: { base: { Healthcheck: { Test: ["CMD", "x"] } } },
    config: { Env: [path], Healthcheck: { Test: ["NONE"] } },
  },
  {
    name: "I13: a PATH of the base stays",
    lines: "",
    images: { base: { Env: ["PATH=/bin"] } },
    config: { Env: ["PATH=/bin"] },
  },
  {
    name: "S12: ARG leaves nothing in the config",
    lines: "ARG a=1",
    config: { Env: [path] },
  },
];

describe("makePlan(): config", () => {
  for (const { name, lines, config, ...given } of configs) {
    it(name, () => {
      assert.deepEqual(configOf(lines, given), config);
    });
  }

  it("I03: MAINTAINER sets the author", () => {
    assert.strictEqual(targetOf(planOf("FROM base\nMAINTAINER Ann B")).config.author, "Ann B");
  });

  it("H06, S22, K20: keeps unknown keys of the base, but not its time nor its cache", () => {
    const base = {
      os: "linux",
      architecture: "amd64",
      created: "2020-01-01T00:00:00Z",
      "moby.buildkit.cache.v0": "x",
      config: { Domainname: "d" },
      rootfs: { type: "layers", diff_ids: [] },
      history: [{ created_by: "old" }],
    } as const;
    // as it comes from a registry: with keys that our types do not have
    const given = { ...base, [inlineCacheKey]: { steps: [], facts: [], bases: [] } };
    const images = { base: JSON.parse(JSON.stringify(given)) as ImageConfig };
    const config: unknown = targetOf(planOf("FROM base\nUSER u", { images })).config;
    const { created: _, ...kept } = base;
    assert.deepEqual(config, { ...kept, config: { Domainname: "d", Env: [path], User: "u" } });
  });

  it("H08: stamps the platform of --platform, and only that", () => {
    const rootfs = { type: "layers", diff_ids: [] } as const;
    const images = { base: { os: "linux", architecture: "arm", variant: "v6", rootfs } };
    const targetPlatform = { os: "linux", architecture: "arm64" };
    const stamped = targetOf(planOf("FROM base", { images, targetPlatform })).config;
    const plain = targetOf(planOf("FROM base", { images })).config;
    assert.deepEqual([stamped.architecture, stamped.variant], ["arm64", undefined]);
    assert.deepEqual([plain.architecture, plain.variant], ["arm", "v6"]);
  });
});

const histories: readonly {
  readonly name: string;
  readonly lines: string;
  readonly text: string;
}[] = [
  { name: "ENV", lines: 'ENV a="x y" b=2', text: "ENV a=x y b=2" },
  { name: "LABEL", lines: "LABEL a=1 b='2 3'", text: "LABEL a=1 b=2 3" },
  { name: "ARG", lines: "ARG a b=1", text: "ARG a b=1" },
  { name: "MAINTAINER", lines: "MAINTAINER Ann", text: "MAINTAINER Ann" },
  { name: "USER", lines: "USER u:g", text: "USER u:g" },
  { name: "WORKDIR", lines: "WORKDIR a", text: "WORKDIR /a" },
  { name: "WORKDIR of the root", lines: "WORKDIR /", text: "WORKDIR /" },
  { name: "STOPSIGNAL", lines: "STOPSIGNAL 9", text: "STOPSIGNAL 9" },
  { name: "EXPOSE", lines: "EXPOSE 80 443/UDP", text: "EXPOSE [443/udp 80/tcp]" },
  { name: "VOLUME", lines: 'VOLUME ["/a", "/b"]', text: "VOLUME [/a /b]" },
  { name: "SHELL", lines: 'SHELL ["/bin/sh", "-c"]', text: "SHELL [/bin/sh -c]" },
  {
    name: "CMD",
    lines: 'CMD ["a", "b c\\t\\"\\\\é\\u0001"]',
    text: 'CMD ["a" "b c\\t\\"\\\\é\\x01"]',
  },
  { name: "CMD of nothing", lines: "CMD []", text: "CMD []" },
  { name: "ENTRYPOINT", lines: "ENTRYPOINT run", text: 'ENTRYPOINT ["/bin/sh" "-c" "run"]' },
  {
    name: "HEALTHCHECK",
    lines: 'HEALTHCHECK --interval=1m30s --timeout=1500ms --start-period=250ms CMD ["a","b"]',
    text: 'HEALTHCHECK &{["CMD" "a" "b"] "1m30s" "1.5s" "250ms" "0s" \'\\x00\'}',
  },
  ...[
    { retries: 3, shown: String.raw`'\x03'` },
    { retries: 10, shown: String.raw`'\n'` },
    { retries: 34, shown: `'"'` },
    { retries: 39, shown: String.raw`'\''` },
    { retries: 65, shown: "'A'" },
    { retries: 55296, shown: "'\ufffd'" },
  ].map(({ retries, shown }) => ({
    name: `HEALTHCHECK with ${retries} retries`,
    lines: `HEALTHCHECK --retries=${retries} CMD x`,
    text: `HEALTHCHECK &{["CMD-SHELL" "x"] "0s" "0s" "0s" "0s" ${shown}}`,
  })),
  {
    name: "COPY",
    lines: "ENV d=/d\nCOPY --chmod=755 --link --chown=1:2 a b $d/",
    text: "COPY --chown=1:2 --chmod=755 a b /d/ # buildkit",
  },
  {
    name: "COPY with --parents, but not --exclude",
    lines: "COPY --exclude=b --parents --chown=1 a /d/",
    text: "COPY --parents --chown=1 a /d/ # buildkit",
  },
  {
    name: "COPY of heredocs",
    lines: "COPY <<A b <<C /\nx\nA\ny\nC",
    text: "COPY b <<A <<C / # buildkit",
  },
  { name: "ADD", lines: "ADD a.tar /", text: "ADD a.tar / # buildkit" },
  { name: "RUN", lines: "RUN echo $x", text: "RUN /bin/sh -c echo $x # buildkit" },
  { name: "RUN in exec form", lines: 'RUN ["a", "b"]', text: "RUN a b # buildkit" },
  {
    name: "RUN with ARGs",
    lines: "ARG a=1\nARG b\nENV a=2\nARG c=3\nRUN x",
    text: "RUN |3 a=2 b= c=3 /bin/sh -c x # buildkit",
  },
];

describe("makePlan(): history", () => {
  for (const { name, lines, text } of histories) {
    it(`H01: ${name}`, () => {
      assert.strictEqual(historyOf(planOf(`FROM scratch\n${lines}`)).at(-1), text);
    });
  }

  it("H02, H03: each line has BuildKit's comment, and a step where it made a layer", () => {
    const text =
      "FROM scratch\nENV a=1\nWORKDIR /\nWORKDIR /a\nRUN x\nONBUILD RUN y\nCOPY a .\nADD a .";
    const { history, steps } = targetOf(planOf(text));
    assert.deepEqual(
      history.map(({ step }) => step),
      [undefined, undefined, 0, 1, 2, 3],
    );
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ["workdir", "run", "copy", "copy"],
    );
    for (const { entry } of history) assert.strictEqual(entry.comment, "buildkit.dockerfile.v0");
  });
});

const failures = [
  { id: "I04", lines: "EXPOSE 70000", message: 'Cannot expose "70000": a port is at most 65535' },
  {
    id: "I04",
    lines: "EXPOSE 80/http",
    message: 'Cannot expose "80/http": "http" is not a protocol',
  },
  { id: "I04", lines: "EXPOSE 9-8", message: 'the range "9-8" ends before it starts' },
  { id: "I04", lines: "EXPOSE /tcp", message: '"" is not a port' },
  { id: "I04", lines: "EXPOSE x:1:2", message: '"x" is not an IP address' },
  { id: "I04", lines: "EXPOSE 1-3:5-6", message: "differ in length" },
  { id: "I05", lines: 'VOLUME ["/a", "$none"]', message: 'Cannot use volume "$none": it is empty' },
  { id: "I11", lines: "STOPSIGNAL SIGNOPE", message: 'Cannot use stop signal "SIGNOPE"' },
  { id: "I11", lines: "STOPSIGNAL 0", message: 'Cannot use stop signal "0"' },
  { id: "X08", lines: "USER ${none:?who}", message: 'Cannot expand "${none:?who}": none: who' },
];

describe("makePlan(): errors in instructions", () => {
  const nul = [
    { id: "I07", lines: "WORKDIR /a\0b" },
    { id: "C03", lines: "COPY a /a\0b" },
    { id: "C02", lines: "ADD a\0b /" },
    { id: "P17", lines: "COPY <<a\0b /x/\na\0b" },
    { id: "R01", lines: "RUN true\0false" },
    { id: "R01", lines: 'RUN ["true", "\\u0000"]' },
    { id: "R13", lines: "ENV a=b\0c\nRUN true" },
    { id: "R03", lines: "RUN --mount=type=tmpfs,target=/a\0b true" },
    { id: "R04", lines: "RUN --mount=target=/a,source=/a\0b true" },
    { id: "R08", lines: "RUN --mount=type=secret,id=a\0b true" },
  ];
  for (const { id, lines } of nul) {
    it(`${id}: refuses a NUL character, where it would end a name or a word: ${JSON.stringify(lines)}`, () => {
      try {
        planOf(`FROM base\n${lines}`);
        assert.fail("it was taken");
      } catch (error) {
        assert.instanceOf(error, BuildError);
        assert.include(error.message, "it has a NUL character in it");
        assert.isDefined(error.at);
      }
    });
  }

  it("I07: refuses the directory of a base with a NUL character in it", () => {
    const images = { base: { WorkingDir: "/a\0b" } };
    const plan = (): unknown => planOf("FROM base\nRUN true", { images });
    assert.throws(plan, BuildError, 'Cannot use "/a\\u0000b": it has a NUL character in it');
  });

  it("keeps a NUL character where it is text", () => {
    const { config } = targetOf(planOf("FROM base\nLABEL a=\0\nCOPY <<E /x\n\0\nE"));
    assert.strictEqual(config.config?.Labels?.["a"], "\0");
  });

  for (const { id, lines, message } of failures) {
    it(`${id}: ${lines}`, () => {
      assert.throws(() => planOf(`FROM base\n${lines}`), BuildError, message);
    });
  }
});

describe("makePlan(): a stage that nobody builds", () => {
  const text = "FROM base AS release\nARG VERSION\nLABEL v=${VERSION:?needed}\nFROM base AS dev";

  it("X08: may demand a variable that is not set, as long as it is not built", () => {
    assert.lengthOf(planOf(text).stages, 1);
    const build = (): unknown => planOf(text, { target: "release" });
    assert.throws(build, BuildError, 'Cannot expand "${VERSION:?needed}": VERSION: needed');
  });

  it("S04: has all its other mistakes told", () => {
    const mistaken = "FROM base AS release\nEXPOSE 80/http\nFROM base AS dev";
    assert.throws(() => planOf(mistaken), BuildError, 'Cannot expose "80/http"');
  });
});

describe("makePlan(): WORKDIR", () => {
  it("I07: is a step of the current user", () => {
    const {
      path: to,
      user,
      title,
    } = stepOf(planOf("FROM base\nUSER u\nENV d=x\nWORKDIR $d"), "workdir");
    assert.deepEqual({ to, user, title }, { to: "/x", user: "u", title: "WORKDIR x" });
  });
});
