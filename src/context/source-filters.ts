import { BuildError } from "../error.js";
import { cleanPath, compileGlob, type Glob } from "./glob.js";
import { PathRules, type PathRule } from "./path-rules.js";

const everything: PathRule = { glob: compile("**"), negated: false };

/** What --exclude leaves out of a directory (C18); undefined when it says nothing. */
export function excludeRules(patterns: readonly string[]): PathRules | undefined {
  const rules = patterns.flatMap(excludeRule);
  return rules.length === 0 ? undefined : new PathRules(rules);
}

/** As in a .dockerignore, but a "/" at the beginning stays, and so matches nothing. */
function excludeRule(written: string): readonly PathRule[] {
  const text = written.trim();
  if (text === "") return [];
  const negated = text.startsWith("!");
  const pattern = negated ? text.slice(1) : text;
  const glob = pattern === "" ? undefined : compileGlob(cleanPath(pattern), "path");
  if (glob !== undefined) return [{ glob, negated }];
  const reason = pattern === "" ? 'nothing follows "!"' : "the pattern is malformed";
  throw new BuildError("COPY", `Cannot use --exclude=${written}: ${reason}`);
}

/** Leaves out all but what --parents names (C17), and what is below that. */
export function onlyRules(pattern: string): PathRules {
  return new PathRules([everything, { glob: compile(pattern), negated: true }]);
}

function compile(pattern: string): Glob {
  const glob = compileGlob(pattern, "path");
  if (glob !== undefined) return glob;
  throw new BuildError("COPY", `Cannot copy "${pattern}": the pattern is malformed`, {
    hint: 'a "[" in a name is written "[[]"',
  });
}
