import { BuildError } from "../../error.js";
import { parseReference, type Reference } from "../../oci/reference.js";

/** What a command that takes a name, or with --all-tags a repository, is to work on. */
export async function allTags(
  { name, all, kind }: { readonly name: string; readonly all: boolean; readonly kind: string },
  list: (repository: Reference) => Promise<readonly string[]> | readonly string[],
): Promise<readonly [Reference, ...Reference[]]> {
  const reference = parseReference(name);
  if (!all) return [reference];
  if (reference.digest !== undefined || name.includes(":", name.lastIndexOf("/") + 1)) {
    const hint = "--all-tags takes a name without tag and digest";
    throw new BuildError("USAGE", `Cannot ${kind} all tags of "${name}": it names one`, { hint });
  }
  const tags = await list(reference);
  const [first, ...rest] = tags.map((tag) => ({ ...reference, tag }));
  if (first !== undefined) return [first, ...rest];
  throw new BuildError("IMAGE_NOT_FOUND", `Cannot ${kind} all tags of "${name}": there are none`);
}
