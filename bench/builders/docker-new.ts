import { join } from "node:path";
import { Missing, type Builder, type BuilderSite } from "../builder.js";
import { runCommand, type Command } from "../command.js";
import { startDaemon } from "../daemon.js";
import { daemonFlags } from "./docker.js";
import { installed, needRoot } from "./installed.js";

/** Names the root of a distribution release with a newer docker. */
export const chrootVariable = "TSBUILD_BENCH_CHROOT";
/** Where the daemon sees its own root; every Linux system has this directory. */
const INSIDE = "/mnt";

/** A daemon with BuildKit and a client of its own. */
export interface NewDocker extends AsyncDisposable {
  readonly version: string;
  readonly buildx: (...args: readonly string[]) => Command;
}

/** Starts a newer docker, from the root of another distribution release, with containerd's snapshotter. */
export async function startNewDocker(root: string): Promise<NewDocker> {
  const chroot = process.env[chrootVariable];
  if (chroot === undefined)
    throw new Missing(`${chrootVariable} names no root with a newer docker`);
  needRoot("docker-new");
  await installed(join(chroot, "usr/sbin/dockerd"));
  const client = await installed(join(chroot, "usr/libexec/docker/cli-plugins/docker-buildx"));
  const socket = `unix://${join(root, "socket")}`;
  const buildx = (...args: readonly string[]): Command => ({
    argv: [client, ...args],
    env: { DOCKER_HOST: socket, BUILDX_CONFIG: join(root, "buildx") },
  });
  const daemon = await startDaemon({
    command: insideChroot(chroot, root, [
      "dockerd",
      ...daemonFlags(INSIDE),
      ...features,
      "-H",
      `unix://${INSIDE}/socket`,
    ]),
    probe: buildx("du"),
    log: join(root, "log"),
  });
  const version = await runCommand({ argv: ["chroot", chroot, "dockerd", "--version"] });
  return {
    version: version.output.trim(),
    buildx,
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

/** The newer docker, measured. */
export async function dockerNew({ root }: BuilderSite): Promise<Builder> {
  const daemon = await startNewDocker(root);
  const { version, buildx } = daemon;
  const build = ["build", "--progress=plain", "--network=host", "--provenance=false"];
  return {
    name: "docker-new",
    version,
    build: ({ context, tag }) => buildx(...build, "-t", tag, context),
    buildAndPush: ({ context, tag }) => buildx(...build, "--push", "-t", tag, context),
    exportArchive: ({ context }, file) => buildx(...build, "-o", `type=oci,dest=${file}`, context),
    pull: (image) => request(join(root, "socket"), `images/create?fromImage=${image}&tag=latest`),
    prepare: ({ context, tag }) => buildx(...build, "-t", tag, context),
    push: (tag) => request(join(root, "socket"), `images/${tag}/push`, ["X-Registry-Auth: e30="]),
    farCache: {
      fill: ({ context, tag }, ref) =>
        buildx(
          ...build,
          "-t",
          tag,
          "--cache-to",
          `type=registry,ref=${ref}:cache,mode=max`,
          context,
        ),
      use: ({ context, tag }, ref) =>
        buildx(...build, "-t", tag, "--cache-from", `type=registry,ref=${ref}:cache`, context),
    },
    async forget() {
      await runCommand(buildx("prune", "--all", "--force"));
      await removeImages(join(root, "socket"));
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

const features = ["--feature", "containerd-snapshotter"];

/** Runs a program below `chroot`, with the system's directories and its own root in sight. */
function insideChroot(chroot: string, root: string, argv: readonly string[]): Command {
  const script = `
    set -eu
    chroot=$1 root=$2
    shift 2
    mount --bind "$chroot" "$chroot" # the runtime wants / to be a mount point
    for name in dev proc sys; do mount --rbind "/$name" "$chroot/$name"; done
    for name in run tmp; do mount -t tmpfs tmpfs "$chroot/$name"; done
    mount --bind "$root" "$chroot${INSIDE}"
    exec chroot "$chroot" "$@"`;
  return { argv: ["unshare", "--mount", "sh", "-c", script, "sh", chroot, root, ...argv] };
}

async function removeImages(socket: string): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ dangling: ["false"] }));
  await runCommand(request(socket, `images/prune?filters=${filters}`));
}

/** Through the daemon's socket: its client is not part of every distribution's package. Errors are in the answer. */
function request(socket: string, path: string, headers: readonly string[] = []): Command {
  const curl = ["curl", "-fsS", "-X", "POST", "--unix-socket", socket];
  const more = headers.flatMap((header) => ["-H", header]);
  const argv = [...curl, ...more, `http://docker/${path}`];
  return {
    argv: ["sh", "-c", 'out=$("$@") && ! printf %s "$out" | grep -q errorDetail', "sh", ...argv],
  };
}
