import { assert } from "chai";
import { planOf, stepOf, type Given } from "./planning.js";

/** The environment of the last RUN without PATH. */
function envOf(text: string, given: Given = {}): readonly string[] {
  return stepOf(planOf(text, given), "run").env.filter((entry) => !entry.startsWith("PATH="));
}

const args = (values: Record<string, string>): Given => ({
  buildArgs: new Map(Object.entries(values)),
});

const cases: readonly (Given & {
  readonly name: string;
  readonly text: string;
  readonly env: readonly string[];
})[] = [
  { name: "S09: a global ARG is not in a stage", text: "ARG g=1\nFROM a\nRUN x", env: [] },
  {
    name: "S09: ARG without value imports it",
    text: "ARG g=1\nFROM a\nARG g\nRUN x",
    env: ["g=1"],
  },
  {
    name: "S09: a global default uses an earlier one",
    text: "ARG g=1\nARG h=$g-2\nFROM a\nARG h\nRUN x",
    env: ["h=1-2"],
  },
  {
    name: "S09: a global default uses a given value",
    text: "ARG g=1\nARG h=$g-2\nFROM a\nARG h\nRUN x",
    ...args({ g: "7" }),
    env: ["h=7-2"],
  },
  {
    name: "S10: a default beats the global",
    text: "ARG g=1\nFROM a\nARG g=2\nRUN x",
    env: ["g=2"],
  },
  {
    name: "S10: --build-arg beats both",
    text: "ARG g=1\nFROM a\nARG g=2\nRUN x",
    ...args({ g: "3" }),
    env: ["g=3"],
  },
  {
    name: "S10: --build-arg hides a bad default",
    text: "FROM a\nARG g=${}\nRUN x",
    ...args({ g: "3" }),
    env: ["g=3"],
  },
  { name: "S10: no value, no variable", text: "FROM a\nARG g\nRUN x", env: [] },
  {
    name: "S10: --build-arg of an empty value",
    text: "FROM a\nARG g=2\nRUN x",
    ...args({ g: "" }),
    env: ["g="],
  },
  {
    name: "S10: several names, each sees those before",
    text: "FROM a\nARG p=1 q=$p r\nRUN x",
    env: ["p=1", "q=1"],
  },
  { name: "S11: ENV after ARG wins", text: "FROM a\nARG v=1\nENV v=2\nRUN x", env: ["v=2"] },
  { name: "S11: ARG after ENV wins", text: "FROM a\nENV v=1\nARG v=2\nRUN x", env: ["v=2"] },
  { name: "S11: ENV uses its ARG", text: "FROM a\nARG v=1\nENV v=${v:-d}\nRUN x", env: ["v=1"] },
  {
    name: "S11: ARG after the ENV of the base wins",
    text: "FROM a\nARG v=2\nRUN x",
    images: { a: { Env: ["v=1"] } },
    env: ["v=2"],
  },
  {
    name: "S11: ENV of a stage is set anew where another one continues it",
    text: "FROM a AS s\nENV v=1\nARG v=2\nFROM s\nRUN x",
    env: ["v=1"],
  },
  {
    name: "S12: ARG is inherited by FROM stage",
    text: "FROM a AS s\nARG v=1\nFROM s\nRUN x",
    env: ["v=1"],
  },
  { name: "S12: ARG is not in other stages", text: "FROM a AS s\nARG v=1\nFROM a\nRUN x", env: [] },
  { name: "S12: ARG starts at its line", text: "FROM a\nRUN x\nARG v=1", env: [] },
  {
    name: "S13: ENV comes in the order of the image, then ARG",
    text: "FROM a\nARG v=1\nENV b=2 a=3\nRUN x",
    env: ["b=2", "a=3", "v=1"],
  },
  {
    name: "S15: platform arguments",
    text: "FROM a\nARG TARGETPLATFORM\nARG TARGETARCH\nARG TARGETVARIANT\nARG BUILDOS\nRUN x",
    targetPlatform: { os: "linux", architecture: "arm", variant: "v7" },
    env: ["TARGETPLATFORM=linux/arm/v7", "TARGETARCH=arm", "TARGETVARIANT=v7", "BUILDOS=linux"],
  },
  { name: "S15: not without ARG", text: "FROM a\nENV p=$TARGETARCH\nRUN x", env: ["p="] },
  {
    name: "S15: --build-arg beats them",
    text: "FROM a\nARG TARGETARCH\nRUN x",
    ...args({ TARGETARCH: "z80" }),
    env: ["TARGETARCH=z80"],
  },
  {
    name: "S16: TARGETSTAGE of a nameless stage",
    text: "FROM a\nARG TARGETSTAGE\nRUN x",
    env: ["TARGETSTAGE=default"],
  },
  {
    name: "S16: TARGETSTAGE of the last stage",
    text: "FROM a AS Last\nARG TARGETSTAGE\nRUN x",
    env: ["TARGETSTAGE=last"],
  },
  {
    name: "S16: TARGETSTAGE of --target",
    text: "FROM a AS one\nARG TARGETSTAGE\nRUN x\nFROM a",
    target: "one",
    env: ["TARGETSTAGE=one"],
  },
  {
    name: "S17: control arguments are no environment",
    text: "FROM a\nARG BUILDKIT_SBOM_SCAN_STAGE=1\nRUN x",
    env: [],
  },
];

describe("makePlan(): variables", () => {
  for (const { name, text, env, ...given } of cases) {
    it(name, () => {
      assert.deepEqual(envOf(text, given), env);
    });
  }

  it("S11: an ARG after ENV leaves the image's ENV alone", () => {
    const [stage] = planOf("FROM a\nENV v=1\nARG v=2").stages;
    assert.deepEqual(stage?.config.config?.Env?.slice(-1), ["v=1"]);
  });

  it("S14: proxies reach RUN in both cases, and no history", () => {
    const plan = planOf("FROM a\nENV no_proxy=mine\nRUN x", {
      ...args({ HTTP_PROXY: "h", HTTPS_PROXY: "other", NO_PROXY: "n", https_proxy: "s" }),
    });
    const { proxyEnv, env } = stepOf(plan, "run");
    assert.deepEqual(proxyEnv, [
      "HTTP_PROXY=h",
      "http_proxy=h",
      "HTTPS_PROXY=s",
      "https_proxy=s",
      "NO_PROXY=n",
    ]);
    assert.notMatch(env.join(), /HTTP/);
    assert.deepEqual(plan.unusedArgs, []);
  });

  it("S14: a proxy that ARG declares is an ordinary argument", () => {
    const plan = planOf("FROM a\nARG http_proxy\nRUN x", args({ http_proxy: "h" }));
    const { proxyEnv, env } = stepOf(plan, "run");
    assert.include(env, "http_proxy=h");
    assert.deepEqual(proxyEnv, ["HTTP_PROXY=h"]);
  });

  it("S18: names the build arguments that nothing uses", () => {
    const given = args({
      a: "",
      b: "",
      c: "",
      d: "",
      TARGETARCH: "",
      BUILDKIT_SYNTAX: "",
      SOURCE_DATE_EPOCH: "0",
    });
    const text = "ARG a\nFROM scratch AS unused\nARG b\nFROM base\nONBUILD ARG d";
    assert.deepEqual(planOf(text, given).unusedArgs, ["c"]);
  });
});
