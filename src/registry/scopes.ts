/**
 * What a token must allow, in the order in which it is always asked for: "repository:app:pull" and
 * "repository:app:push" are one scope, "repository:app:pull,push".
 */
export function mergeScopes(scopes: readonly string[]): readonly string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const colon = scope.lastIndexOf(":");
    const resource = scope.slice(0, Math.max(colon, 0));
    const known = actions.get(resource) ?? new Set();
    for (const action of scope.slice(colon + 1).split(",")) known.add(action);
    actions.set(resource, known);
  }
  return [...actions]
    .map(([resource, all]) => (resource === "" ? "" : `${resource}:`) + [...all].sort().join(","))
    .sort();
}
