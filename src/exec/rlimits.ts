/** What `--ulimit` may limit: the resources of setrlimit(2) that Docker takes, in lower case and without RLIMIT_. */
export const ulimitTypes = [
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
] as const;

/** A resource limit of a process; -1 is unlimited. */
export interface Ulimit {
  readonly type: (typeof ulimitTypes)[number];
  readonly soft: number;
  readonly hard: number;
}

/** `process.rlimits` of a specification. */
export function rlimits(ulimits: readonly Ulimit[]): readonly object[] {
  return ulimits.map(({ type, soft, hard }) => {
    return { type: `RLIMIT_${type.toUpperCase()}`, soft: value(soft), hard: value(hard) };
  });
}

function value(limit: number): number | "unlimited" {
  return limit === -1 ? "unlimited" : limit;
}
