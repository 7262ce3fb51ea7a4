import { assert } from "chai";
import { isExperimental, RULES, ruleUrl, type RuleName } from "../../src/parser/lint-rules.js";
import { LintedError } from "../../src/parser/linted-error.js";
import type { Warning } from "../../src/parser/instruction.js";
import { failureOf } from "../oci/build-errors.js";
import { planOf, type Given } from "./planning.js";

/** Line and rule of what is found. */
function findings(text: string, given: Given = {}): readonly string[] {
  return planOf(text, given).warnings.map(placed);
}

function placed({ rule, at }: Warning): string {
  return `${at.source.text.slice(0, at.start).split("\n").length} ${rule}`;
}

const all: Given = { whole: true };
const experimental: Given = {
  buildArgs: new Map([["BUILDKIT_DOCKERFILE_CHECK", "experimental=all"]]),
};

const cases: readonly (Given & { name: string; text: string; want: readonly string[] })[] = [
  {
    name: "L01 sees upper case in names of stages",
    text: "FROM a AS b\nFROM a AS B2\nFROM a AS cD",
    want: ["2 StageNameCasing", "3 StageNameCasing"],
  },
  {
    name: "L02 compares AS with a FROM that has a case",
    text: "FROM a as b\nFROM a As c\nFROM a aS d\nFROM a AS e\nFrom a as f\nFrom a AS g",
    want: [
      "1 FromAsCasing",
      "2 FromAsCasing",
      "3 FromAsCasing",
      "5 ConsistentInstructionCasing",
      "6 ConsistentInstructionCasing",
    ],
  },
  {
    name: "L02 wants lower case after from",
    text: "from a as b\nfrom a AS c\nfrom a aS d",
    want: ["2 FromAsCasing", "3 FromAsCasing"],
  },
  {
    name: "L03 points at the last line of the instruction, once",
    text: "FROM a\nENV a=b \\\n\n   c=d\nRUN x \\\n\n\\\n\n y",
    want: ["4 NoEmptyContinuation", "9 NoEmptyContinuation"],
  },
  {
    name: "L04 follows the majority, and upper case where there is none",
    text: "FROM a\nrun a\nfrom a\nRun a\nrUN a\nFROM b",
    want: [
      "2 ConsistentInstructionCasing",
      "3 ConsistentInstructionCasing",
      "4 ConsistentInstructionCasing",
      "5 ConsistentInstructionCasing",
    ],
  },
  {
    name: "L04 does not look into ONBUILD",
    text: "FROM a\nONBUILD run x",
    want: [],
  },
  {
    name: "L05, L06 see names that are taken, whatever their case",
    text: "FROM a AS x\nFROM a AS x\nFROM a AS scratch\nFROM a AS context",
    want: ["2 DuplicateStageName", "3 ReservedStageName", "4 ReservedStageName"],
  },
  {
    name: "L07 wants JSON, unless SHELL was chosen in this stage or the one it starts from",
    text: 'FROM a\nCMD a\nFROM b AS c\nSHELL ["sh"]\nENTRYPOINT x\nFROM c\nCMD x\nFROM d\nCMD x',
    images: { d: { Shell: ["powershell"] } },
    ...all,
    want: ["2 JSONArgsRecommended"],
  },
  {
    name: "L07 takes an empty command for shell form",
    text: "FROM a\nCMD",
    want: ["2 JSONArgsRecommended"],
  },
  { name: "L08 sees MAINTAINER", text: "FROM a\nMAINTAINER me", want: ["2 MaintainerDeprecated"] },
  {
    name: "L09 sees undeclared arguments in FROM, also those with a default",
    text: "ARG A=a\nARG V\nFROM $A$V AS x\nFROM ${B:-busybox}\nFROM ${A:-$Z}",
    want: ["4 UndefinedArgInFrom", "5 UndefinedArgInFrom"],
  },
  {
    name: "L10 sees a relative WORKDIR until there is an absolute one in the chain of stages",
    text: "FROM a\nWORKDIR /a\nWORKDIR b\nFROM a AS c\nWORKDIR $x\nFROM scratch\nWORKDIR a\nFROM c\nWORKDIR x",
    ...all,
    want: ["5 WorkdirRelativePath", "5 UndefinedVar", "7 WorkdirRelativePath"],
  },
  {
    name: "L11 sees variables that are never set, in every instruction that expands but EXPOSE",
    text: [
      "FROM scratch",
      "ENV C=${a-x} D=${b+x} E=${c#x} F=$HTTP_PROXY",
      "COPY $d $e",
      "ADD --chown=$f --chmod=$g x /",
      "WORKDIR /$h",
      "USER $i",
      "LABEL $j=$k",
      "VOLUME /$l",
      "STOPSIGNAL 9$m",
      "EXPOSE 8$n",
      "ARG o=$p",
      "COPY <<EOF /a",
      "$q",
      "EOF",
      "RUN echo $r",
      'CMD ["$s"]',
      'SHELL ["$t"]',
      "HEALTHCHECK CMD $u",
    ].join("\n"),
    want: [2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 7, 8, 9, 11, 12].map((line) => `${line} UndefinedVar`),
  },
  {
    name: "L11 lets declared arguments without a value pass",
    text: "FROM a\nARG x\nENV y=$x\nENV z=$TARGETARCH\nARG TARGETARCH\nENV z=$TARGETARCH",
    want: ["4 UndefinedVar"],
  },
  {
    name: "L12 points at the instructions that have no effect",
    text: 'FROM a\nENTRYPOINT ["a"]\nHEALTHCHECK CMD a\nHEALTHCHECK NONE\nHEALTHCHECK CMD b\nENTRYPOINT ["b"]\nFROM a\nHEALTHCHECK NONE',
    ...all,
    want: [2, 3, 4].map((line) => `${line} MultipleInstructionsDisallowed`),
  },
  {
    name: "L13 sees names and values without =",
    text: "FROM a\nENV a b\nLABEL a b\nENV a=b",
    want: ["2 LegacyKeyValueFormat", "3 LegacyKeyValueFormat"],
  },
  {
    name: "L14 sees a base for another platform",
    text: "FROM a",
    images: { a: { os: "linux", architecture: "s390x", rootfs: { type: "layers", diff_ids: [] } } },
    want: ["1 InvalidBaseImagePlatform"],
  },
  {
    name: "L15, L18 look at --platform",
    text: [
      "ARG PLAT=linux/amd64",
      "FROM --platform=$PLAT a",
      "FROM --platform=linux/amd64 a AS amd64",
      "FROM --platform=linux/amd64 a AS x",
      "FROM --platform=linux/$TARGETARCH a",
      "FROM --platform=${TARGETPLATFORM:-linux/amd64} a",
      "FROM --platform=$TARGETPLATFORM a",
    ].join("\n"),
    want: [
      "4 FromPlatformFlagConstDisallowed",
      "6 RedundantTargetPlatform",
      "7 RedundantTargetPlatform",
    ],
  },
  {
    name: "L16 sees names of secrets in stages",
    text: "ARG SECRET_X=1\nFROM a\nARG MY_TOKEN public_key DBPASSWORD\nENV AUTH=1 apiKey=1 API_KEY=\nARG API-TOKEN",
    want: ["3", "4", "4", "4"].map((line) => `${line} SecretsUsedInArgOrEnv`),
  },
  {
    name: "L17 wants defaults that name an image",
    text: "ARG A\nFROM $A\nFROM a$A",
    buildArgs: new Map([["A", "busybox"]]),
    want: ["2 InvalidDefaultArgInFrom"],
  },
  {
    name: "L19 sees sources that .dockerignore hides, but asks only about the build context",
    text: [
      "FROM a",
      "COPY a.txt b /x/",
      "ADD ./d/../d/c /",
      'COPY ["/d", "/d"]',
      "COPY . a* /",
      "COPY --from=busybox a.txt /",
      "COPY <<a.txt /",
      "a.txt",
    ].join("\n"),
    isIgnored: (path) => ["a.txt", "d", "d/c"].includes(path),
    want: ["2", "3", "4"].map((line) => `${line} CopyIgnoredFile`),
  },
  {
    name: "L20 looks at the comment right above ARG and FROM, when it is asked for",
    text: [
      "# nothing",
      "ARG a=1",
      "# base",
      "FROM busybox AS B",
      "# base",
      "ARG q r",
      "# r is",
      "ARG q r",
      "# q",
      "#",
      "ARG q",
      "# x",
      "# q is",
      "ARG q",
      "# q is",
      "# x",
      "ARG q",
      "# x",
      "",
      "ARG q",
      "# check=skip=all",
      "ARG q",
      "# b is lower",
      "FROM a AS B",
      "# x",
      "RUN x",
    ].join("\n"),
    ...experimental,
    want: [
      "2 InvalidDefinitionDescription",
      "4 InvalidDefinitionDescription",
      "4 StageNameCasing",
      "6 InvalidDefinitionDescription",
      "17 InvalidDefinitionDescription",
      "24 StageNameCasing",
      "24 DuplicateStageName",
    ],
  },
  { name: "L20 is off by default", text: "# x\nFROM a AS b", want: [] },
  {
    name: "L21, L22 look at EXPOSE",
    text: "FROM a\nEXPOSE 80/TCP 80/Tcp 80/tcp\nEXPOSE 1.2.3.4:80:80/UDP 80:80",
    want: [
      "2 ExposeProtoCasing",
      "2 ExposeProtoCasing",
      "3 ExposeProtoCasing",
      "3 ExposeInvalidFormat",
      "3 ExposeInvalidFormat",
    ],
  },
  {
    name: "S19 tells of ONBUILD at the FROM that it runs for",
    text: "FROM a AS x\nONBUILD CMD x\nONBUILD ENV a b\nONBUILD cmd c\nONBUILD ENV q=$undef\nONBUILD WORKDIR rel\nFROM x",
    want: [
      "7 JSONArgsRecommended",
      "7 LegacyKeyValueFormat",
      "7 MultipleInstructionsDisallowed",
      "7 UndefinedVar",
      "7 WorkdirRelativePath",
    ],
  },
  {
    name: "S04 tells of stages that are not built what their text alone shows",
    text: "FROM a\nMAINTAINER me\nENV x y\nWORKDIR b\nCMD x\nENV x=$y\nEXPOSE 80/TCP\nFROM --platform=linux/amd64 b",
    want: ["2 MaintainerDeprecated", "8 FromPlatformFlagConstDisallowed"],
  },
];

describe("lint", () => {
  for (const { name, text, want, ...given } of cases) {
    it(name, () => {
      assert.deepEqual(findings(text, given), want);
    });
  }

  it("P10: knows 22 rules, one of them experimental, each with a page", () => {
    const names = Object.keys(RULES) as RuleName[];
    assert.lengthOf(names, 22);
    assert.deepEqual(names.filter(isExperimental), ["InvalidDefinitionDescription"]);
    assert.strictEqual(
      ruleUrl("JSONArgsRecommended"),
      "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/",
    );
  });

  it("P10: names the rules that fail the build, each once", () => {
    const text = "# check=error=true\nFROM a\nMAINTAINER a\nMAINTAINER b\nWORKDIR c";
    assert.deepEqual(planOf(text).violated, ["MaintainerDeprecated", "WorkdirRelativePath"]);
    assert.isEmpty(planOf(text.replace("true", "false")).violated);
    assert.isEmpty(planOf(text.replace("error=true", "error=true;skip=all")).violated);
  });

  it("P18: hands on what was found before a mistake", async () => {
    const text = "FROM a\nMAINTAINER a\nCMD x\nENV a=${b:?}\nWORKDIR c";
    const error = await failureOf(() => planOf(text), "UNSET_VARIABLE");
    if (!(error instanceof LintedError)) assert.fail(error.message);
    assert.deepEqual(error.warnings.map(placed), [
      "2 MaintainerDeprecated",
      "3 JSONArgsRecommended",
    ]);
  });
});
