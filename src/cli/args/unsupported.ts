/** What to do where Docker would fill its engine. */
export const dockerHint =
  "the image is in tsbuild's own store; for Docker: tsbuild save NAME | docker load";

/** What to do instead of using some of the flags below. */
export const unsupportedHints: ReadonlyMap<string, string> = new Map([["--load", dockerHint]]);

/** Flags of `docker buildx build` that tsbuild knows and does not have yet. */
export const unsupportedBuildFlags: readonly string[] = [
  "--annotation",
  "--attest",
  "--builder",
  "--cache-from",
  "--cache-to",
  "--cgroup-parent",
  "--compress",
  "--cpu-period",
  "--cpu-quota",
  "--cpu-shares",
  "-c",
  "--cpus",
  "--cpuset-cpus",
  "--cpuset-mems",
  "--device",
  "--isolation",
  "--load",
  "--memory",
  "-m",
  "--memory-swap",
  "--policy",
  "--print",
  "--provenance",
  "--resource",
  "--sbom",
  "--security-opt",
  "--squash",
  "--ssh",
];

/** Flags of `docker buildx prune` that tsbuild knows and does not have yet. */
export const unsupportedPruneFlags: readonly string[] = [
  "--builder",
  "--filter",
  "--keep-storage",
  "--max-used-space",
  "--min-free-space",
  "--reserved-space",
  "--verbose",
];

/** Flags of `docker run` that tsbuild knows and does not have. */
export const unsupportedRunFlags: readonly string[] = [
  "--add-host",
  "--cap-add",
  "--cap-drop",
  "--cgroup-parent",
  "--cpus",
  "--detach",
  "-d",
  "--device",
  "--dns",
  "--env-file",
  "--gpus",
  "--hostname",
  "-h",
  "--init",
  "--label",
  "-l",
  "--link",
  "--memory",
  "-m",
  "--mount",
  "--name",
  "--platform",
  "--privileged",
  "--publish",
  "-p",
  "--publish-all",
  "-P",
  "--pull",
  "--read-only",
  "--restart",
  "--security-opt",
  "--shm-size",
  "--stop-signal",
  "--sysctl",
  "--tmpfs",
  "--ulimit",
  "--userns",
  "--volumes-from",
];
