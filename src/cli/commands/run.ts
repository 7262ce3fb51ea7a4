import { resolve } from "node:path";
import { BuildError, type BuildErrorCode } from "../../error.js";
import type { SandboxProcess } from "../../exec/executor.js";
import { SEARCH_PATH } from "../../exec/runtime.js";
import type { ImageConfig } from "../../oci/image.js";
import type { Setting } from "../args/setting.js";
import type { RunCommand } from "../run-command.js";
import { ImageFinder } from "../image-finder.js";
import { openSandboxes } from "../sandboxes.js";
import type { Session } from "../session.js";

/** `tsbuild run IMAGE [COMMAND…]`: a throw-away container; the exit code is that of its process. */
export async function runRun(command: RunCommand, session: Session): Promise<number> {
  const { io, store, platform } = session;
  if (command.tty && !io.terminal.in) {
    throw new BuildError("USAGE", "Cannot use --tty: standard input is not a terminal");
  }
  const warn = (message: string): void => {
    io.err.write(`warning: ${message}\n`);
  };
  const finder = new ImageFinder({
    store,
    registry: session.registry,
    pull: false,
    host: platform,
    warn,
  });
  const request = { reference: command.image, platform };
  const image = await finder.resolve(request, io.signal).catch((error: unknown) => {
    throw notPulled(command.image, session, error);
  });
  const chain = await image.layers(() => undefined, io.signal);
  await using root = await store.snapshotter.prepare(chain);
  await using executor = await openSandboxes(session, warn);
  const status = await executor.run(
    { ...processOf(command, image.config, session), root },
    io.signal,
  );
  return status.code;
}

/** What could not be reached was asked only for want of it here. */
function notPulled(image: string, { store }: Session, cause: unknown): unknown {
  const isRegistry = cause instanceof BuildError && registryCodes.has(cause.code);
  if (!isRegistry || store.images.find(image) !== undefined) return cause;
  const message = `Cannot run "${image}": it is not in the store, and to pull it failed: ${cause.message}`;
  const make = `make it with: tsbuild build -t ${image} DIRECTORY`;
  const hint = cause.hint === undefined ? make : `${cause.hint}, or ${make}`;
  return new BuildError(cause.code, message, { hint, cause });
}

const registryCodes: ReadonlySet<BuildErrorCode> = new Set(["AUTH", "IMAGE_NOT_FOUND", "REGISTRY"]);

function processOf(
  command: RunCommand,
  { config = {} }: ImageConfig,
  { io }: Session,
): Omit<SandboxProcess, "root"> {
  return {
    argv: argvOf(command, config),
    env: environment(config.Env ?? [], command.env, io.env),
    user: command.user ?? config.User ?? "",
    cwd: command.workdir ?? (config.WorkingDir || "/"),
    hostname: "tsbuild",
    network: command.network,
    security: "sandbox",
    mounts: command.volumes.map((volume) => ({
      ...volume,
      kind: "bind" as const,
      source: resolve(io.cwd, volume.source),
    })),
    secretEnv: [],
    shmSize: undefined,
    extraHosts: [],
    devices: undefined,
    resources: {},
    cgroupParent: undefined,
    ulimits: [],
    stdio: command.tty
      ? "inherit"
      : (stream, chunk) => {
          (stream === "stdout" ? io.out : io.err).write(chunk);
        },
    stdin: command.interactive && !command.tty ? io.in : undefined,
    started: () => undefined,
    terminal: command.tty,
  };
}

/** ENTRYPOINT and what follows it: the words given, else CMD; --entrypoint drops both of the image. */
function argvOf(
  { argv, entrypoint, image }: RunCommand,
  config: NonNullable<ImageConfig["config"]>,
): readonly string[] {
  const whole =
    entrypoint === undefined
      ? [...(config.Entrypoint ?? []), ...(argv.length > 0 ? argv : (config.Cmd ?? []))]
      : [...(entrypoint === "" ? [] : [entrypoint]), ...argv];
  if (whole.length > 0) return whole;
  throw new BuildError("USAGE", `Cannot run "${image}": it has no command`, {
    hint: `name one: tsbuild run ${image} COMMAND`,
  });
}

/** The image's variables and a PATH, with those of the command line in their place or after them. */
function environment(
  image: readonly string[],
  settings: readonly Setting[],
  host: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const env = new Map([["PATH", SEARCH_PATH], ...image.map((line) => split(line))]);
  for (const { name, value = host[name] } of settings) {
    if (value === undefined) env.delete(name);
    else env.set(name, value);
  }
  return [...env].map(([name, value]) => `${name}=${value}`);
}

function split(line: string): readonly [string, string] {
  const at = line.indexOf("=");
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}
