import { BuildError } from "../error.js";
import { isObject, parseJson } from "../oci/json-shape.js";
import { Pages } from "./pages.js";
import type { Repository } from "./repository.js";

/** Every tag of a repository, in the registry's order, from all pages of the list. */
export async function listTags(
  repository: Repository,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const tags: string[] = [];
  const pages = new Pages(repository, "tags");
  let path: string | URL | undefined = "tags/list";
  while (path !== undefined) {
    const answer = await repository.send({ method: "GET", path, ok: [200] }, signal);
    const page = tagsIn(await pages.read(answer, signal), repository);
    for (const tag of page) tags.push(tag);
    path = page.length === 0 ? undefined : pages.next(answer);
  }
  return tags;
}

function tagsIn(body: Uint8Array, { action }: Repository): readonly string[] {
  const list = parseJson(body, "list of tags");
  const tags = isObject(list) ? (list["tags"] ?? []) : undefined;
  if (Array.isArray(tags)) return tags.map(String);
  throw new BuildError(
    "REGISTRY",
    `Cannot ${action.verb} "${action.name}": its list of tags is none`,
  );
}
