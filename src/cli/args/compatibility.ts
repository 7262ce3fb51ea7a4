import type { Flags } from "./flags.js";

/** Flags of the classic builder that BuildKit took away, with what it says about them (F33). */
const gone: readonly (readonly [string, string])[] = [
  ["--isolation <technology>", "--isolation has no effect: steps are isolated in one way only"],
  [
    "--security-opt <option>",
    "--security-opt has no effect: RUN --security=… sets this for a step",
  ],
];

/** Declares what Docker has and the help does not show; gives warnings about flags without effect. */
export function declareCompatibility(flags: Flags): () => readonly string[] {
  const warnings = new Set<string>();
  for (const flag of ["--rm", "--force-rm", "--compress"]) flags.ignored(flag);
  for (const [flag, warning] of gone) flags.hidden(flag, () => warnings.add(warning));
  const squash = flags.hiddenSwitch("--squash");
  return () => {
    const squashed = "--squash has no effect: COPY --from a stage makes one layer of many";
    return squash() ? [...warnings, squashed] : [...warnings];
  };
}
