import type { NamedContext } from "./plan.js";

/** The `--build-context` that stands in for `name`, which may be a stage's or an image's (S22, C15). */
export function findNamedContext(
  name: string,
  contexts: ReadonlyMap<string, NamedContext>,
): { readonly name: string; readonly context: NamedContext } | undefined {
  if (["scratch", "context"].includes(name.toLowerCase())) return undefined;
  for (const [given, context] of contexts) {
    if (familiar(given) === familiar(name)) return { name: given, context };
  }
  return undefined;
}

/** The short spelling of an image name: "docker.io/library/alpine:latest" is "alpine". */
function familiar(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(?:index\.)?docker\.io\//, "")
    .replace(/^library\//, "")
    .replace(/:latest$/, "");
}
