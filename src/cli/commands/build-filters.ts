import { existsSync } from "node:fs";
import { relative } from "node:path";
import { BuildError } from "../../error.js";
import { parseGitContext, redactRemote } from "../../plan/git-url.js";
import type { BuildRecord } from "../../progress/history/build-history.js";
import { askGit, remoteOf } from "../build/vcs.js";
import type { BuildFilter, Comparison } from "../builds-command.js";
import type { Io } from "../io.js";

/** The builds that every filter takes (V01); `local` leaves those of the repository around `io.cwd`. */
export async function filteredBuilds(
  builds: readonly BuildRecord[],
  { filters, local }: { readonly filters: readonly BuildFilter[]; readonly local: boolean },
  io: Pick<Io, "cwd" | "env" | "signal">,
): Promise<readonly BuildRecord[]> {
  const top = local ? await repositoryAround(io) : undefined;
  const repositories = new Map<string, Promise<string | undefined>>();
  const repositoryOf = (context: string): Promise<string | undefined> => {
    const known = repositories.get(context) ?? findRepository(context, io);
    repositories.set(context, known);
    return known;
  };
  const found: BuildRecord[] = [];
  for (const build of builds) {
    if (top !== undefined && !isBelow(build.context, top)) continue;
    let isMeant = true;
    for (const filter of filters) isMeant &&= await takes(filter, build, repositoryOf);
    if (isMeant) found.push(build);
  }
  return found;
}

async function takes(
  filter: BuildFilter,
  build: BuildRecord,
  repositoryOf: (context: string) => Promise<string | undefined>,
): Promise<boolean> {
  switch (filter.key) {
    case "ref":
      return build.id.startsWith(filter.value) === (filter.operator === "=");
    case "status":
      return (build.status === filter.value) === (filter.operator === "=");
    case "repository": {
      const own = (await repositoryOf(build.context)) === filter.value;
      return own === (filter.operator === "=");
    }
    case "startedAt":
      return compares(build.startedAt, filter.operator, instantOf(filter.value));
    case "completedAt":
      return compares(build.end?.at, filter.operator, instantOf(filter.value));
    case "duration": {
      const took = build.end && build.end.at - build.startedAt;
      return compares(took, filter.operator, filter.value);
    }
  }
}

function instantOf(value: { readonly at: number } | { readonly ago: number }): number {
  return "at" in value ? value.at : Date.now() - value.ago;
}

/** What has no such number yet is not meant. */
function compares(number: number | undefined, operator: Comparison, bound: number): boolean {
  if (number === undefined) return false;
  switch (operator) {
    case "<":
      return number < bound;
    case "<=":
      return number <= bound;
    case ">":
      return number > bound;
    case ">=":
      return number >= bound;
  }
}

/** Where a context comes from: it is one from git, or a directory that is in a clone now. */
async function findRepository(
  context: string,
  io: Pick<Io, "env" | "signal">,
): Promise<string | undefined> {
  const url = parseGitContext(context);
  if (url !== undefined) return redactRemote(url.remote);
  return existsSync(context) ? await remoteOf(context, io) : undefined;
}

async function repositoryAround({
  cwd,
  ...io
}: Pick<Io, "cwd" | "env" | "signal">): Promise<string> {
  const top = await askGit(cwd, ["rev-parse", "--show-toplevel"], io);
  if (top !== undefined) return top;
  throw new BuildError("USAGE", `Cannot list the builds of "${cwd}": it is in no git repository`);
}

function isBelow(path: string, directory: string): boolean {
  const rest = relative(directory, path);
  return path.startsWith("/") && rest !== ".." && !rest.startsWith("../");
}
