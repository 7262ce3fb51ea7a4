import { BuildError } from "../error.js";
import { isObject, parseJson } from "../oci/json-shape.js";
import { readBody } from "./http/transport.js";
import { PageLinks } from "./page-links.js";
import type { Repository } from "./repository.js";

/** Longest page that is read. */
const maxPage = 16 * 1024 * 1024;

/** Every tag of a repository, in the registry's order, from all pages of the list. */
export async function listTags(
  repository: Repository,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const tags: string[] = [];
  const links = new PageLinks();
  let path: string | URL | undefined = "tags/list";
  while (path !== undefined) {
    const answer = await repository.send({ method: "GET", path, ok: [200] }, signal);
    const body = await repository.reading(() => readBody(answer.response, maxPage), signal);
    const page = tagsIn(body, repository);
    tags.push(...page);
    path = page.length === 0 ? undefined : links.next(answer);
  }
  return tags;
}

function tagsIn(body: Uint8Array | undefined, { action }: Repository): readonly string[] {
  const list = body === undefined ? undefined : parseJson(body, "list of tags");
  const tags = isObject(list) ? (list["tags"] ?? []) : undefined;
  if (Array.isArray(tags)) return tags.map(String);
  throw new BuildError(
    "REGISTRY",
    `Cannot ${action.verb} "${action.name}": its list of tags is none`,
  );
}
