import { BuildError } from "../error.js";
import { parseDigest, type Digest } from "./digest.js";

/** The name of an image, complete: at least one of `tag` and `digest` is there. */
export interface Reference {
  /** host[:port]; Docker Hub is "docker.io". */
  readonly registry: string;
  /** With "library/" where Docker Hub leaves it out. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const hostPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?$`);
const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`);
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** Longest registry and repository together (distribution, reference grammar). */
const maxNameLength = 255;

/**
 * Reads `[host[:port]/]path[:tag][@digest]` as Docker does: the default registry is docker.io, its
 * one-word names are in "library/", and a name without tag and digest means ":latest".
 */
export function parseReference(text: string): Reference {
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : parseDigestOf(text, text.slice(at + 1));
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !tagPattern.test(tag)) {
    throw invalid(
      text,
      `"${tag}" is not a tag: want at most 128 letters, digits, "_", "." and "-"`,
    );
  }
  const name = splitName(colon < 0 ? named : named.slice(0, colon));
  checkName(text, name);
  return {
    ...name,
    ...(digest === undefined ? { tag: tag ?? "latest" } : tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The grammar lets port 99999 and address 1.2.3.999 through; a URL does not. */
function isHost(registry: string): boolean {
  return hostPattern.test(registry) && URL.canParse(`http://${registry}`);
}

function parseDigestOf(text: string, digest: string): Digest {
  try {
    return parseDigest(digest);
  } catch (error) {
    if (error instanceof BuildError && error.code === "UNSUPPORTED") throw error;
    throw invalid(text, `"${digest}" is not a digest: want sha256: and 64 lowercase hex digits`);
  }
}

type Name = Pick<Reference, "registry" | "repository">;

function splitName(name: string): Name {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  // A first component is a host only where it looks like one; "org/app" is on Docker Hub.
  const named = /[.:A-Z]/.test(first) || first === "localhost";
  const registry = named && first !== "index.docker.io" ? first : "docker.io";
  const path = named ? name.slice(slash + 1) : name;
  const official = registry === "docker.io" && path !== "" && !path.includes("/");
  return { registry, repository: official ? `library/${path}` : path };
}

function checkName(text: string, { registry, repository }: Name): void {
  if (repository === "") throw invalid(text, "the name is empty");
  if (!isHost(registry)) throw invalid(text, `"${registry}" is not a registry host`);
  if (/[A-Z]/.test(repository)) throw invalid(text, "the repository must be lowercase");
  if (!repositoryPattern.test(repository)) {
    throw invalid(text, `"${repository}" is not a repository name`);
  }
  if (/^library\/[0-9a-f]{64}$/.test(repository)) {
    throw invalid(text, "64 hex digits would look like an image id");
  }
  if (registry.length + 1 + repository.length > maxNameLength) {
    throw invalid(text, `the name is longer than ${maxNameLength} characters`);
  }
}

function invalid(text: string, why: string): BuildError {
  return new BuildError("INVALID_REFERENCE", `Cannot parse image name "${text}": ${why}`);
}

/** The complete name: "docker.io/library/web:latest". */
export function formatReference(reference: Reference): string {
  return `${reference.registry}/${reference.repository}${suffix(reference)}`;
}

/** The short name that Docker shows: "web:latest". */
export function familiarReference(reference: Reference): string {
  const { registry, repository } = reference;
  const path =
    registry === "docker.io" ? repository.replace(/^library\/(?=[^/]+$)/, "") : repository;
  return `${registry === "docker.io" ? "" : `${registry}/`}${path}${suffix(reference)}`;
}

function suffix({ tag, digest }: Reference): string {
  return (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}
