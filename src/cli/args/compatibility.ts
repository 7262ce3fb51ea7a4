import { parseAttest, type Attest } from "./attest.js";
import type { Flags } from "./flags.js";

/** What the flags say that scripts written for Docker may have. */
export interface Compatibility {
  readonly attests: readonly Attest[];
  /** About flags that have no effect. */
  readonly warnings: readonly string[];
}

/** Flags of the classic builder that BuildKit took away, with what it says about them (F33). */
const gone: readonly (readonly [string, string])[] = [
  ["--isolation <technology>", "--isolation has no effect: there is one way to isolate a step"],
  ["--security-opt <option>", "--security-opt has no effect: RUN --security=… sets it for a step"],
];

/** Declares what Docker has and the help does not show; filled once the flags are read. */
export function declareCompatibility(flags: Flags): Compatibility {
  const attests: Attest[] = [];
  const warnings: string[] = [];
  for (const flag of ["--rm", "--force-rm", "--compress"]) flags.ignored(flag);
  for (const [flag, warning] of gone) {
    flags.hidden(flag, () => {
      if (!warnings.includes(warning)) warnings.push(warning);
    });
  }
  const squash = flags.hiddenSwitch("--squash");
  flags.hidden("--attest <parameters>", (text) => attests.push(parseAttest(text)));
  return {
    attests,
    get warnings() {
      const squashed = "--squash has no effect: COPY --from a stage makes one layer of many";
      return squash() ? [...warnings, squashed] : warnings;
    },
  };
}
