import { BuildError } from "../error.js";
import { toBytePath, toText, type BytePath } from "../oci/changeset.js";
import { joinPath, nameOf } from "./confined.js";
import {
  cleanPath,
  compileGlob,
  hasWildcard,
  matchableText,
  unescapeName,
  type Glob,
} from "./glob.js";
import { uncounted, type PathRules } from "./path-rules.js";
import { resolveLinks } from "./resolve-links.js";
import { excludeRules, onlyRules } from "./source-filters.js";
import type { SelectedSource, SelectOptions } from "./source-tree.js";
import { Walk, type Walked } from "./walk.js";
import type { WalkableTree } from "./walkable-tree.js";

/**
 * The files behind one source of COPY. Patterns are matched here rather than by a glob library:
 * those have more syntax than Go's filepath.Match (braces, "**", extended globs), read paths of
 * their own accord, and know no names that are not UTF-8.
 */
export class Selection {
  readonly #tree: WalkableTree;
  readonly #pattern: string;
  readonly #exclude: PathRules | undefined;
  readonly #parents: boolean;

  constructor(
    tree: WalkableTree,
    pattern: string,
    { exclude = [], parents = false }: SelectOptions,
  ) {
    this.#tree = tree;
    this.#pattern = pattern;
    this.#exclude = excludeRules(exclude);
    this.#parents = parents;
  }

  async run(): Promise<readonly SelectedSource[]> {
    if (!this.#parents) return await this.#sources(this.#pattern, []);
    const { pivot, below } = splitAtPivot(this.#pattern);
    if (below === "") return await this.#sources(pivot, []);
    const sources = await this.#sources(pivot, [onlyRules(below)]);
    if (!hasWildcard(pivot) && !hasWildcard(below)) await this.#demand(sources, { pivot, below });
    return sources;
  }

  async #sources(pattern: string, only: readonly PathRules[]): Promise<readonly SelectedSource[]> {
    const components = cleanPath(`/${pattern}`).split("/").slice(1);
    const first = components.findIndex(hasWildcard);
    if (first < 0) return [await this.#plain(literalPath(components), only)];
    const directory = this.#resolve(literalPath(components.slice(0, first)));
    const globs = components.slice(first).map((component) => this.#compile(component));
    const selected: SelectedSource[] = [];
    for (const path of this.#expand(directory, globs)) {
      const source = await this.#match(path, only);
      if (source !== undefined) selected.push(source);
    }
    return selected;
  }

  async #plain(path: BytePath, only: readonly PathRules[]): Promise<SelectedSource> {
    const real = this.#resolve(path);
    const walked = await this.#walk(real, only);
    if (walked.entries.length === 0) throw this.#notFound(real);
    return { name: nameOf(path), path, ...walked };
  }

  /** What a wildcard found counts as if it had been named, but for what is ignored. */
  async #match(path: BytePath, only: readonly PathRules[]): Promise<SelectedSource | undefined> {
    if (this.#tree.ignore?.excludes(path) !== true) return await this.#plain(path, only);
    const walked = await this.#walk(path, only);
    return walked.entries.length === 0 ? undefined : { name: nameOf(path), path, ...walked };
  }

  async #walk(real: BytePath, only: readonly PathRules[]): Promise<Walked> {
    const filters = this.#exclude === undefined ? only : [...only, this.#exclude];
    return await new Walk(this.#tree, real, filters).run();
  }

  /** What --parents names must be there, unless --exclude leaves it out. */
  async #demand(sources: readonly SelectedSource[], { pivot, below }: Pivoted): Promise<void> {
    if (sources.some(({ entries }) => entries.length > 1)) return;
    const path = literalPath(cleanPath(`/${pivot}/${below}`).split("/").slice(1));
    const excluded = this.#exclude?.excludes(literalPath(below.split("/"))) === true;
    const walk = new Walk(this.#tree, path);
    if (!excluded || (await walk.run()).entries.length === 0) throw this.#notFound(path);
  }

  /** A link that is ignored is not there to be followed. */
  #resolve(path: BytePath): BytePath {
    return resolveLinks(path, (link) =>
      this.#tree.ignore?.excludes(link) === true ? undefined : this.#tree.readLink(link),
    );
  }

  /** Paths below a real directory, in `comparePaths` order; links on the way are not followed. */
  #expand(directory: BytePath, [glob, ...rest]: readonly Glob[]): readonly BytePath[] {
    if (glob === undefined) return [directory];
    const matches = this.#names(directory).filter((name) => glob.matches(matchableText(name)));
    return matches.flatMap((name) => this.#expand(joinPath(directory, name), rest));
  }

  #names(directory: BytePath): readonly BytePath[] {
    using open = this.#tree.open(directory);
    return open?.names() ?? [];
  }

  #compile(component: string): Glob {
    const glob = compileGlob(component, "name");
    if (glob !== undefined) return glob;
    throw new BuildError("COPY", `Cannot copy "${this.#pattern}": the pattern is malformed`, {
      hint: 'a "[" in a name is written "[[]"',
    });
  }

  #notFound(real: BytePath): BuildError {
    const { ignore, kind } = this.#tree;
    const where = kind === "context" ? "in the build context" : "where it is copied from";
    const decided = ignore?.decide(real) ?? uncounted;
    const hint = ignore?.isExcluding(decided) === true ? ignore.describe(decided) : undefined;
    const message = `Cannot copy "${this.#pattern}": not found ${where}`;
    return new BuildError("SOURCE_NOT_FOUND", message, { hint: hint ?? this.#danglingHint(real) });
  }

  #danglingHint(real: BytePath): string | undefined {
    const written = cleanPath(`/${this.#pattern}`).slice(1);
    if (hasWildcard(written) || toBytePath(unescapeName(written)) === real) return undefined;
    return `a symbolic link on the way leads to "/${toText(real)}"`;
  }
}

/** The two halves of a source of --parents. */
interface Pivoted {
  /** Not kept below the destination. */
  readonly pivot: string;
  /** Clean; empty when all is meant. */
  readonly below: string;
}

function splitAtPivot(pattern: string): Pivoted {
  const at = pattern.indexOf("/./");
  const [pivot, below] = at < 0 ? ["", pattern] : [pattern.slice(0, at), pattern.slice(at + 3)];
  return { pivot, below: cleanPath(`/${below}`).slice(1) };
}

function literalPath(components: readonly string[]): BytePath {
  return toBytePath(components.map(unescapeName).join("/"));
}
