import { BuildError } from "../../error.js";
import { gitSource, parseGitUrl } from "../../plan/git-url.js";
import type { NamedContext } from "../../plan/plan.js";
import { httpSource, isHttpUrl, type RemoteSource } from "../../plan/remote-source.js";

/** What `--build-context` names, as far as planning cares (SEMANTICS B10 to B15). */
export function namedContext(value: string): NamedContext {
  const image = /^(?:docker-image|container-image|docker):\/\/(.*)$/.exec(value)?.[1];
  if (image !== undefined) return { kind: "image", reference: image };
  if (value.startsWith("oci-layout://")) return { kind: "image", reference: value };
  if (remoteContext(value) !== undefined) return { kind: "directory" };
  const scheme = /^(?:([a-z+-]+):\/\/|(target|input):)/.exec(value);
  if (scheme === null) return { kind: "directory" };
  throw new BuildError("UNSUPPORTED", `Cannot use --build-context "${value}": not supported`, {
    hint: "it may be docker-image://…, oci-layout://…, a git repository, a URL or a directory",
  });
}

/** A named context that comes from the network. */
export function remoteContext(value: string): RemoteSource | undefined {
  const git = parseGitUrl(value);
  if (git !== undefined) return gitSource(git);
  return isHttpUrl(value) ? httpSource(value) : undefined;
}
