import { BuildError } from "../error.js";
import { suggest } from "../suggest.js";
import type { SandboxProcess } from "./executor.js";

const known =
  "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(
    " ",
  );

/** `process.rlimits` of a specification; -1 is unlimited. */
export function rlimits(ulimits: SandboxProcess["ulimits"]): readonly object[] {
  return ulimits.map(({ type, soft, hard }) => {
    if (!known.includes(type)) {
      const meant = suggest(type, known);
      throw new BuildError("USAGE", `Cannot set ulimit "${type}": there is no such limit`, {
        hint: meant === undefined ? `known are ${known.join(", ")}` : `did you mean "${meant}"?`,
      });
    }
    return { type: `RLIMIT_${type.toUpperCase()}`, soft: value(soft), hard: value(hard) };
  });
}

function value(limit: number): number | "unlimited" {
  return limit === -1 ? "unlimited" : limit;
}
