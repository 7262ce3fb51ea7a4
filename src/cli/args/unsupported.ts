/** What to do instead of using some of the flags below. */
export const unsupportedHints: ReadonlyMap<string, string> = new Map([
  ["--detach", "there is no daemon: tsbuild run ends with its command"],
  ["-d", "there is no daemon: tsbuild run ends with its command"],
  ["--name", "nothing is kept of a command that has ended, so there is nothing to name"],
  ["--restart", "there is no daemon: tsbuild run ends with its command"],
  ["--builder", "tsbuild is its own builder, and has no others"],
  ["--device", "RUN --device=NAME uses a device, and --allow device=NAME gives it"],
  ["--policy", "leave it out: without policies every source is allowed"],
]);

/** Flags of `docker buildx build` that tsbuild knows and does not have yet. */
export const unsupportedBuildFlags: readonly string[] = ["--builder", "--device", "--policy"];

/** Flags that every command of `docker buildx` has, and tsbuild does not. */
export const unsupportedBuildxFlags: readonly string[] = ["--builder"];

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
