import { execFile, type ExecFileException } from "node:child_process";
import { readFile } from "node:fs/promises";
import { BuildError } from "../error.js";
import {
  dockerHubKey,
  readDockerConfig,
  type Credentials,
  type DockerConfig,
} from "./docker-config.js";
import { codeOf } from "./http/error-code.js";

/** Looks up who we are at a registry host; undefined is anonymous. */
export type CredentialSource = (
  registry: string,
  signal?: AbortSignal,
) => Promise<Credentials | undefined>;

/** Credentials from a Docker config file (a missing one is empty) and the helpers that it names. */
export function dockerCredentials(path: string): CredentialSource {
  let config: Promise<DockerConfig> | undefined;
  return async (registry, signal) => {
    config ??= readConfigFile(path);
    const { auths, credHelpers, credsStore } = await config;
    const helper = credHelpers.get(registry) ?? credsStore;
    const helped = helper === undefined ? undefined : await askHelper(helper, registry, signal);
    return helped ?? auths.get(registry);
  };
}

async function readConfigFile(path: string): Promise<DockerConfig> {
  try {
    return readDockerConfig(await readFile(path, "utf8"), path);
  } catch (error) {
    if (error instanceof BuildError) throw error;
    if (codeOf(error) === "ENOENT") return readDockerConfig("{}", path);
    const message = `Cannot read Docker configuration "${path}": ${codeOf(error) ?? String(error)}`;
    throw new BuildError("AUTH", message, { cause: error });
  }
}

/** Speaks the protocol of `docker-credential-*` programs: the registry on stdin, JSON on stdout. */
async function askHelper(
  suffix: string,
  registry: string,
  signal: AbortSignal | undefined,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${suffix}`;
  // The suffix comes from a file and must not lead out of PATH.
  if (!/^[\w.-]+$/.test(suffix)) throw helperFailed(registry, program, "it is no program name");
  const { error, stdout } = await get(program, registry, signal);
  signal?.throwIfAborted();
  if (error === null) return parseAnswer(stdout, registry, program);
  if (/credentials not found/i.test(stdout)) return undefined;
  if (error.code === "ENOENT") throw helperFailed(registry, program, "it is not installed");
  throw helperFailed(registry, program, `it ended with ${String(error.code ?? error.signal)}`);
}

interface Answer {
  readonly error: ExecFileException | null;
  readonly stdout: string;
}

function get(program: string, registry: string, signal: AbortSignal | undefined): Promise<Answer> {
  return new Promise((resolve) => {
    const options = signal === undefined ? {} : { signal };
    const child = execFile(program, ["get"], options, (error, stdout) => {
      resolve({ error, stdout });
    });
    // A helper that ends without reading breaks the pipe; its exit status tells more.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(registry === "docker.io" ? dockerHubKey : registry);
  });
}

function parseAnswer(stdout: string, registry: string, program: string): Credentials | undefined {
  const { Username, Secret } = parseJsonObject(stdout, registry, program);
  if (typeof Username !== "string" || typeof Secret !== "string" || Secret === "") return undefined;
  if (Username === "<token>") return { kind: "identity-token", token: Secret };
  return { kind: "password", username: Username, password: Secret };
}

function parseJsonObject(
  stdout: string,
  registry: string,
  program: string,
): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(stdout);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // Falls through without the cause: it would quote the secret.
  }
  throw helperFailed(registry, program, "its answer is not JSON");
}

function helperFailed(registry: string, program: string, why: string): BuildError {
  return new BuildError(
    "AUTH",
    `Cannot get credentials for "${registry}" from ${program}: ${why}`,
    {
      hint: "the Docker configuration file names it in credsStore or credHelpers",
    },
  );
}
