import { BuildError } from "../../error.js";

/** What a ref stands for in a remote repository. */
export interface Resolved {
  readonly commit: string;
  /** The full ref to fetch it by; undefined when only the commit is known. */
  readonly ref: string | undefined;
  /** The id of an annotated tag itself, which a checksum may name, too. */
  readonly tag: string | undefined;
}

/** Whether text is the whole id of a commit (SHA-1, or SHA-256). */
export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** The arguments for `git ls-remote` that ask for `ref`; undefined is the default branch. */
export function lsRemotePatterns(ref: string | undefined): readonly string[] {
  return ref === undefined ? ["HEAD"] : [ref, `${ref}^{}`];
}

/**
 * Reads the answer of `git ls-remote --symref`. A branch comes before a tag of the same name, as in
 * git itself; both come after a ref of exactly that full name.
 */
export function readRefs(output: string, ref: string | undefined): Resolved | undefined {
  const refs = new Map<string, string>();
  let head: string | undefined;
  for (const line of output.split("\n")) {
    const [value = "", name = ""] = line.split("\t");
    if (name === "HEAD" && value.startsWith("ref: ")) head = value.slice("ref: ".length);
    else if (isCommit(value)) refs.set(name, value);
  }
  if (ref === undefined || ref === "HEAD") {
    const commit = refs.get("HEAD");
    return commit === undefined ? undefined : { commit, ref: head ?? "HEAD", tag: undefined };
  }
  const below = (prefix: string): string => `${prefix}${ref.replace(new RegExp(`^${prefix}`), "")}`;
  for (const name of [below("refs/"), below("refs/heads/"), below("refs/tags/")]) {
    const found = refs.get(name);
    if (found === undefined) continue;
    const peeled = refs.get(`${name}^{}`);
    return { commit: peeled ?? found, ref: name, tag: peeled === undefined ? undefined : found };
  }
  return undefined;
}

/** Throws DIGEST_MISMATCH unless the commit, or the tag that led to it, begins as promised (C24). */
export function checkCommit(
  shown: string,
  checksum: string | undefined,
  { commit, tag }: Resolved,
): void {
  if (checksum === undefined || commit.startsWith(checksum)) return;
  if (tag?.startsWith(checksum) === true) return;
  throw new BuildError(
    "DIGEST_MISMATCH",
    `Cannot use "${shown}": expected checksum to match ${checksum}, got ${commit}`,
    { hint: "the ref was moved, or the checksum is that of another commit" },
  );
}
