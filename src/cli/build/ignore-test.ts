import { findIgnoreFile, parseIgnore } from "../../context/ignore.js";
import { toBytePath } from "../../oci/changeset.js";
import type { BuildInput } from "./input.js";

type IgnoreTest = (path: string) => boolean;

/** Tells what .dockerignore hides, for the lint rule about that; the file is read when first asked. */
export function ignoreTest(input: BuildInput): IgnoreTest {
  let test: IgnoreTest | undefined;
  return (path) => (test ??= readIgnoreTest(input))(path);
}

function readIgnoreTest({ context, dockerfile }: BuildInput): IgnoreTest {
  const source = context === undefined ? undefined : findIgnoreFile({ root: context, dockerfile });
  const rules = source && parseIgnore(source);
  // with lines that include again, what is below a hidden directory may be there
  if (rules === undefined || rules.reincludes) return () => false;
  return (path) => rules.excludes(toBytePath(path));
}
