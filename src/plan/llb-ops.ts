import { posix } from "node:path";
import { lineOf, type Span } from "../error.js";
import type { Platform } from "../oci/platform.js";
import { formatReference, parseReference } from "../oci/reference.js";
import { redactRemote } from "./git-url.js";
import type { PlannedImage } from "./plan.js";
import type { RemoteSource } from "./remote-source.js";
import type { RunMount } from "./run-mount.js";
import { credentialsHidden } from "./secret-name.js";
import type { CopyStep } from "./step.js";

/** Of LLB's mounts (solver/pb, MountType). */
const kinds = { bind: 0, secret: 1, ssh: 2, cache: 3, tmpfs: 4 } as const;

/** A source as an absolute path; the "/./" of --parents says what is kept. */
export function sourcePath(source: string, parents: boolean): string {
  return parents ? `/${source.replace(/^\//, "")}` : posix.join("/", source);
}

/** What is done to the first input, with another one; -1 is none. */
export function action(what: object, secondaryInput: number): object {
  return { input: 0, secondaryInput, output: 0, Action: what };
}

/** A COPY but for its source. */
export function copyOptions({
  destination,
  chown,
  chmod,
  exclude,
  parents,
  unpack,
}: CopyStep): object {
  return {
    dest: destination,
    mode: -1,
    followSymlink: true,
    dirCopyContents: true,
    createDestPath: true,
    allowWildcard: true,
    allowEmptyWildcard: true,
    timestamp: -1,
    ...(chmod === undefined ? {} : { modeStr: chmod }),
    ...(chown === undefined ? {} : { owner: chown }),
    ...(exclude.length === 0 ? {} : { excludePatterns: exclude }),
    ...(parents ? { parents: true } : {}),
    ...(unpack ? { attemptUnpackDockerCompatibility: true } : {}),
  };
}

/** A mount of a RUN, of an input or of none (-1); of secrets and agents the ids. */
export function mountOf(mount: RunMount, input: number): object {
  const common = { dest: mount.target ?? "", input, output: -1 };
  const typed = mount.kind === "bind" ? common : { ...common, mountType: kinds[mount.kind] };
  switch (mount.kind) {
    case "bind":
      return { ...typed, selector: mount.source, ...(mount.readonly ? { readonly: true } : {}) };
    case "cache":
      return { ...typed, cacheOpt: { ID: mount.id } };
    case "secret":
      return { ...typed, secretOpt: wishOf(mount) };
    case "ssh":
      return { ...typed, SSHOpt: wishOf(mount) };
    case "tmpfs":
      return typed;
  }
}

function wishOf({ id, required }: { readonly id: string; readonly required: boolean }): object {
  return { ID: id, ...(required ? {} : { optional: true }) };
}

/** An image by its whole name and digest; where a layout lies is nobody's business. */
export function imageName({ reference }: PlannedImage, digest: string | undefined): string {
  const pin = digest === undefined ? "" : `@${digest}`;
  if (reference.includes("://")) return `${reference.replace(/:.*$/s, "://layout")}${pin}`;
  return `docker-image://${formatReference(parseReference(reference)).replace(/@.*$/, "")}${pin}`;
}

/** What comes from the network. */
export function remoteOf(source: RemoteSource): object {
  if (source.kind === "http") return { identifier: credentialsHidden(source.url) };
  const url = redactRemote(source.remote);
  const place = [source.ref ?? "", source.subdir].filter((part) => part !== "").join(":");
  const identifier = `git://${url.replace(/^[a-z]+:\/\//, "")}${place === "" ? "" : `#${place}`}`;
  return { identifier, attrs: { "git.fullurl": url } };
}

/** A platform by the names of Go's fields. */
export function platformOf({ os, architecture, variant }: Platform): object {
  return {
    Architecture: architecture,
    OS: os,
    ...(variant === undefined ? {} : { Variant: variant }),
  };
}

/** Lines of the Dockerfile. */
export function rangeOf(at: Span): object {
  return { start: { line: lineOf(at) }, end: { line: lineOf({ ...at, start: at.end }) } };
}
