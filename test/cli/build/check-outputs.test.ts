import { assert } from "chai";
import { parseOutput } from "../../../src/cli/args/output.js";
import { checkOutputs } from "../../../src/cli/build/check-outputs.js";
import type { Entitlement } from "../../../src/cli/args/allow.js";
import { BuildError } from "../../../src/error.js";

interface Given {
  readonly outputs: readonly string[];
  readonly tags?: readonly string[];
  readonly allow?: readonly Entitlement[];
}

function check({ outputs, tags = [], allow = [] }: Given): string | undefined {
  try {
    const command = { outputs: outputs.map(parseOutput), tags, allow: new Set(allow) };
    checkOutputs(command, { cwd: "/work/dir" });
    return undefined;
  } catch (error) {
    if (error instanceof BuildError) return error.message;
    throw error;
  }
}

const deleting = (dest: string): string =>
  `Cannot use mode=delete for "${dest}": it is not below the current directory`;

const cases: readonly (readonly [title: string, given: Given, message: string | undefined])[] = [
  ["O10 takes any mix", { outputs: ["a", "-", "type=image", "type=oci,dest=b"] }, undefined],
  [
    "O22 refuses two outputs to standard output",
    { outputs: ["-", "type=oci"] },
    "Cannot write two outputs to standard output",
  ],
  [
    "O10 refuses two outputs to one file",
    { outputs: ["type=oci,dest=a.tar", "type=docker,dest=/work/dir/a.tar"] },
    'Cannot write two outputs to "/work/dir/a.tar"',
  ],
  [
    "O10 writes several into one directory",
    { outputs: ["a", "type=oci,tar=false,dest=a"] },
    undefined,
  ],
  [
    "F25 refuses a push without a name",
    { outputs: ["type=registry"] },
    "Cannot push: the image has no name",
  ],
  ["F25 pushes under a tag", { outputs: ["type=registry"], tags: ["a"] }, undefined],
  ["O11 pushes under a name", { outputs: ["type=registry,name=a"] }, undefined],
  [
    "O11 refuses to push a tag by digest",
    { outputs: ["type=registry,push-by-digest=true"], tags: ["localhost:5000/a:1"] },
    'Cannot push "localhost:5000/a:1" by digest: the name has a tag',
  ],
  [
    "O11 pushes a name without tag by digest",
    { outputs: ["type=registry,push-by-digest=true"], tags: ["localhost:5000/a"] },
    undefined,
  ],
  [
    "F31 refuses a name that is none",
    { outputs: ["type=image"], tags: ["A:b"] },
    'Cannot parse image name "A:b": the repository must be lowercase',
  ],
  [
    "F31 refuses a name with a digest",
    { outputs: ["type=image"], tags: [`a@sha256:${"0".repeat(64)}`] },
    `Cannot name the image "a@sha256:${"0".repeat(64)}": a name has no digest`,
  ],
  [
    "O03 deletes below the current directory",
    { outputs: ["type=local,dest=a,mode=delete"] },
    undefined,
  ],
  [
    "O03 deletes in a directory called ..a",
    { outputs: ["type=local,dest=..a,mode=delete"] },
    undefined,
  ],
  ...[".", "..", "../b", "/", "/work", "a/.."].map(
    (dest) =>
      [
        `O03 refuses to delete in "${dest}" unless allowed`,
        { outputs: [`type=local,dest=${dest},mode=delete`] },
        deleting(dest),
      ] as const,
  ),
  [
    "O03 F02 deletes anywhere when allowed",
    { outputs: ["type=local,dest=/a,mode=delete"], allow: ["buildx.local.delete"] },
    undefined,
  ],
];

describe("checkOutputs()", () => {
  for (const [title, given, message] of cases) {
    it(title, () => {
      assert.strictEqual(check(given), message);
    });
  }
});
