import { join } from "node:path";
import { BuildError } from "../../error.js";
import { engineAnswers, type EngineAddress } from "../../output/load-into-engine.js";
import { bareHost } from "../../registry/http/web-url.js";
import { given } from "../environment.js";
import type { Io } from "../io.js";

/**
 * The engine that DOCKER_HOST names, else the first that answers at a usual place: Docker or Podman, of
 * the system or of the user. Undefined when there is none.
 */
export async function findEngine({ env, signal }: Io): Promise<EngineAddress | undefined> {
  const named = given(env, "DOCKER_HOST") ?? given(env, "CONTAINER_HOST");
  if (named !== undefined) return await namedEngine(named, env, signal);
  const run = given(env, "XDG_RUNTIME_DIR");
  const places = [
    "/var/run/docker.sock",
    ...(run === undefined ? [] : [join(run, "docker.sock"), join(run, "podman/podman.sock")]),
    "/run/podman/podman.sock",
  ];
  for (const socketPath of places) {
    const engine = { name: `unix://${socketPath}`, at: { socketPath } };
    if (await engineAnswers(engine, signal)) return engine;
  }
  return undefined;
}

async function namedEngine(
  name: string,
  env: Io["env"],
  signal: AbortSignal,
): Promise<EngineAddress> {
  const engine = { name, at: addressOf(name, env) };
  if (await engineAnswers(engine, signal)) return engine;
  throw new BuildError("OUTPUT", `Cannot load the image into "${name}": no engine answers there`, {
    hint: "start it, or unset DOCKER_HOST",
  });
}

function addressOf(name: string, env: Io["env"]): EngineAddress["at"] {
  const socketPath = /^unix:\/\/(\/.+)$/.exec(name)?.[1];
  if (socketPath !== undefined) return { socketPath };
  const url = /^(?:tcp|http):\/\//.test(name) ? name.replace(/^tcp/, "http") : undefined;
  if (url === undefined || !URL.canParse(url)) {
    throw new BuildError("UNSUPPORTED", `Cannot load the image into "${name}": not supported`, {
      hint: "unix:// and tcp:// are; or: tsbuild save NAME | docker load",
    });
  }
  if (given(env, "DOCKER_TLS_VERIFY") !== undefined) {
    const message = `Cannot load the image into "${name}": TLS to an engine is not supported`;
    throw new BuildError("UNSUPPORTED", message, { hint: "tsbuild save NAME | docker load" });
  }
  const { hostname, port } = new URL(url);
  return { host: bareHost(hostname), port: port === "" ? "2375" : port };
}
