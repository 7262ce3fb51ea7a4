import { readFile } from "node:fs/promises";
import { BuildError } from "../error.js";
import { CredentialHelper } from "./credential-helper.js";
import {
  readDockerConfig,
  type Credentials,
  type DockerConfig,
  type LoginCredentials,
} from "./docker-config.js";
import { withoutRegistry, withRegistry } from "./docker-config-edit.js";
import { codeOf } from "./http/error-code.js";

/** Looks up who we are at a registry host; undefined is anonymous. */
export type CredentialSource = (
  registry: string,
  signal?: AbortSignal,
) => Promise<Credentials | undefined>;

/**
 * Credentials from a Docker config file (a missing one is empty) and the helpers that it names, which
 * the command `launcher` starts.
 */
export function dockerCredentials(
  path: string,
  launcher: readonly string[] = [],
): CredentialSource {
  let config: Promise<DockerConfig> | undefined;
  return async (registry, signal) => {
    config ??= readConfigFile(path).then((text) => readDockerConfig(text, path));
    const known = await config;
    const helped = await helperFor(known, registry, launcher)?.get(registry, signal);
    return helped ?? known.auths.get(registry);
  };
}

/**
 * Credentials from the text of a Docker configuration in a variable, before those from elsewhere. Its `auths` alone
 * count, as in docker: a program that it named would be anyone's who can set variables.
 */
export function credentialsIn(
  variable: string,
  text: string,
  otherwise: CredentialSource,
): CredentialSource {
  const { auths } = readDockerConfig(text, variable);
  return async (registry, signal) => auths.get(registry) ?? (await otherwise(registry, signal));
}

/** Where `login` keeps credentials and `logout` drops them. */
export class CredentialStore {
  readonly #path: string;
  readonly #write: (text: string) => Promise<void>;

  /** `write` replaces the Docker config file at `path`. */
  constructor(path: string, write: (text: string) => Promise<void>) {
    this.#path = path;
    this.#write = write;
  }

  /** Keeps credentials with the registry's helper, else in the file, unencrypted. */
  async keep(
    registry: string,
    credentials: LoginCredentials,
    signal?: AbortSignal,
  ): Promise<"file" | "helper"> {
    const text = await readConfigFile(this.#path);
    const helper = helperFor(readDockerConfig(text, this.#path), registry);
    await helper?.store(registry, credentials, signal);
    const kept = helper === undefined ? credentials : undefined;
    await this.#replace(text, withRegistry(text, registry, kept));
    return helper === undefined ? "file" : "helper";
  }

  /** Drops what is known of a registry; false when that is nothing. */
  async forget(registry: string, signal?: AbortSignal): Promise<boolean> {
    const text = await readConfigFile(this.#path);
    const helper = helperFor(readDockerConfig(text, this.#path), registry);
    const helped = (await helper?.get(registry, signal)) !== undefined;
    if (helped) await helper?.erase(registry, signal);
    const rest = withoutRegistry(text, registry);
    if (rest === undefined) return helped;
    await this.#replace(text, rest);
    return true;
  }

  async #replace(before: string, after: string): Promise<void> {
    if (after !== before) await this.#write(after);
  }
}

function helperFor(
  { credHelpers, credsStore }: DockerConfig,
  registry: string,
  launcher?: readonly string[],
): CredentialHelper | undefined {
  const suffix = credHelpers.get(registry) ?? credsStore;
  return suffix === undefined ? undefined : new CredentialHelper(suffix, launcher);
}

async function readConfigFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "{}";
    const message = `Cannot read Docker configuration "${path}": ${codeOf(error) ?? String(error)}`;
    throw new BuildError("AUTH", message, { cause: error });
  }
}
