import { BuildError } from "../error.js";
import { isObject } from "../oci/json-shape.js";
import type { Reference } from "../oci/reference.js";
import { apiHost, urlHost } from "./hosts.js";

/** What the user says of one registry host. */
export interface RegistrySettings {
  /** Where to pull from first: hosts, each with a path that its repositories are below ("" is none). */
  readonly mirrors: readonly Pick<Reference, "registry" | "repository">[];
  /** Its certificate does not matter; HTTP where it does not speak TLS. */
  readonly insecure: boolean;
  /** It does not speak TLS. */
  readonly http: boolean;
}

/** What the user says of registries, by host. */
export class RegistriesSettings {
  readonly #hosts: ReadonlyMap<string, RegistrySettings>;

  constructor(hosts: ReadonlyMap<string, RegistrySettings> = new Map()) {
    this.#hosts = new Map([...hosts].map(([host, settings]) => [urlHost(apiHost(host)), settings]));
  }

  /** Of a host[:port], or of a registry as image names have it. */
  of(host: string): RegistrySettings {
    return this.#hosts.get(urlHost(apiHost(host))) ?? usual;
  }
}

const usual: RegistrySettings = { mirrors: [], insecure: false, http: false };

/** Reads the value of "registries" in the configuration file that the user calls `file`. */
export function readRegistries(value: unknown, file: string): RegistriesSettings {
  const entries = Object.entries(members(value, 'the value of "registries"', file));
  return new RegistriesSettings(
    new Map(entries.map(([host, item]) => [checkHost(host, file), readRegistry(host, item, file)])),
  );
}

function readRegistry(host: string, value: unknown, file: string): RegistrySettings {
  const {
    mirrors = [],
    insecure = false,
    http = false,
    ...rest
  } = members(value, `"${host}"`, file);
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw invalid(
      file,
      `"${host}" has no setting "${unknown}"`,
      "there are mirrors, insecure, http",
    );
  }
  if (typeof insecure !== "boolean" || typeof http !== "boolean") {
    throw invalid(file, `"insecure" and "http" of "${host}" are true or false`);
  }
  if (!Array.isArray(mirrors)) throw invalid(file, `"mirrors" of "${host}" is not a list`);
  return { mirrors: mirrors.map((mirror) => readMirror(mirror, file)), insecure, http };
}

function readMirror(value: unknown, file: string): RegistrySettings["mirrors"][number] {
  const text = String(value);
  if (text.startsWith("http://")) {
    const host = text.slice("http://".length).replace(/\/.*$/, "");
    throw invalid(
      file,
      `"${text}" is not a mirror: want a host without scheme`,
      `"${host}": { "http": true } says that it has no TLS`,
    );
  }
  const [registry = "", ...path] = text.replace(/^https:\/\//, "").split("/");
  return { registry: checkHost(registry, file), repository: path.filter(Boolean).join("/") };
}

function checkHost(host: string, file: string): string {
  if (/^[^\s/?#@\\]+$/.test(host) && URL.canParse(`https://${host}`)) return host;
  throw invalid(file, `"${host}" is not a registry host`);
}

function members(value: unknown, what: string, file: string): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw invalid(file, `${what} is not an object`);
}

function invalid(file: string, why: string, hint?: string): BuildError {
  return new BuildError("USAGE", `Cannot use the configuration file "${file}": ${why}`, { hint });
}
