import { assert } from "chai";
import { planOf, type Given } from "./planning.js";

/** Rule, place and message of what planning itself found. */
function findings(text: string, given: Given = {}): readonly string[] {
  return planOf(text, given).warnings.map(
    ({ rule, at, message }) => `${rule} at ${at.source.text.slice(at.start, at.end)}: ${message}`,
  );
}

const cases: readonly (Given & { name: string; text: string; want: readonly string[] })[] = [
  {
    name: "L11: a variable that is not set, with a suggestion",
    text: "FROM a\nENV VERSION=1\nENV b=$VERSOIN c=$nothing d=${x:-y}",
    want: [
      'UndefinedVar at $VERSOIN: variable "$VERSOIN" is not set; did you mean $VERSION?',
      'UndefinedVar at $nothing: variable "$nothing" is not set',
      'UndefinedVar at ${x:-y}: variable "$x" is not set',
    ],
  },
  { name: "L11: not for an ARG without a value", text: "FROM a\nARG x\nENV y=$x", want: [] },
  {
    name: "L11: not for what the base sets",
    text: "FROM a\nENV y=$x",
    images: { a: { Env: ["x=1"] } },
    want: [],
  },
  {
    name: "L10: a relative WORKDIR before an absolute one",
    text: "FROM a AS x\nWORKDIR b\nWORKDIR c\nFROM a\nWORKDIR /b\nWORKDIR c\nFROM x\nWORKDIR d\nCOPY --from=1 / /",
    want: [
      'WorkdirRelativePath at WORKDIR b: "b" is relative to whatever directory the base image sets',
    ],
  },
  {
    name: "L14: an image for another platform",
    text: "FROM --platform=$BUILDPLATFORM a",
    images: { a: { os: "linux", architecture: "s390x", rootfs: { type: "layers", diff_ids: [] } } },
    want: ['InvalidBaseImagePlatform at a: image "a" is for linux/s390x, wanted was linux/amd64'],
  },
  {
    name: "L15: --platform=$TARGETPLATFORM",
    text: "FROM --platform=${TARGETPLATFORM} a",
    want: [
      "RedundantTargetPlatform at --platform=${TARGETPLATFORM}: --platform=${TARGETPLATFORM} is what FROM does anyway",
    ],
  },
  { name: "L15: not for $BUILDPLATFORM", text: "FROM --platform=$BUILDPLATFORM a", want: [] },
  {
    name: "L16: secrets in ARG and ENV",
    text: "FROM a\nARG DB_PASSWORD\nENV api_key=1 PUBLIC_KEY=2 KEYBOARD=3 TOKEN_FILE=4",
    want: [
      'SecretsUsedInArgOrEnv at ARG DB_PASSWORD: ARG "DB_PASSWORD" looks like a secret, and whoever has the image can read it',
      'SecretsUsedInArgOrEnv at ENV api_key=1 PUBLIC_KEY=2 KEYBOARD=3 TOKEN_FILE=4: ENV "api_key" looks like a secret, and whoever has the image can read it',
    ],
  },
  {
    name: "L17: a base that only --build-arg names",
    text: "ARG base\nFROM $base",
    buildArgs: new Map([["base", "a"]]),
    want: [
      'InvalidDefaultArgInFrom at $base: "$base" names no image where only the defaults of ARGs apply',
    ],
  },
  {
    name: "L18: a constant platform, unless the stage's name tells",
    text: "FROM --platform=linux/arm64 a AS tool\nFROM --platform=linux/arm64 a AS build-arm64",
    want: [
      'FromPlatformFlagConstDisallowed at --platform=linux/arm64: FROM with the fixed platform "linux/arm64" builds for no other one',
    ],
  },
  {
    name: "L21, L22: EXPOSE in odd form",
    text: "FROM a\nEXPOSE 80/TCP 127.0.0.1:1:2 53/udp 1/",
    want: [
      'ExposeProtoCasing at 80/TCP: the protocol of "80/TCP" should be in lower case',
      'ExposeInvalidFormat at 127.0.0.1:1:2: "127.0.0.1:1:2": EXPOSE has no use for an address or a host port',
    ],
  },
];

describe("makePlan(): warnings", () => {
  for (const { name, text, want, ...given } of cases) {
    it(name, () => {
      assert.deepEqual(findings(text, given), want);
    });
  }

  it("L09: a global ARG that is not declared, with a suggestion", () => {
    const [first] = findings("ARG base=a\nFROM a:1$bas", {});
    assert.strictEqual(
      first,
      'UndefinedArgInFrom at a:1$bas: "$bas" is not declared by an ARG before the first FROM; did you mean $base?',
    );
  });

  it("keeps those of the parser", () => {
    const rules = planOf("FROM a\nCMD x").warnings.map(({ rule }) => rule);
    assert.deepEqual(rules, ["JSONArgsRecommended"]);
  });
});
