import { resolve } from "node:path";
import { BuildError } from "../../error.js";
import type { Platform } from "../../oci/platform.js";
import { parseReference } from "../../oci/reference.js";
import type { RegistryClient } from "../../registry/registry-client.js";
import { DirectoryPlace } from "../../cache/remote/directory-place.js";
import { GhaObjects } from "../../cache/remote/gha-objects.js";
import { ObjectPlace } from "../../cache/remote/object-place.js";
import type { CachePlace } from "../../cache/remote/place.js";
import { RegistryPlace, type RegistryPlaceOptions } from "../../cache/remote/registry-place.js";
import { S3Objects } from "../../cache/remote/s3-objects.js";
import type { CacheSpec, GhaSpec, S3Spec } from "../args/cache-spec.js";
import type { Io } from "../io.js";
import { openRegistry, type Session } from "../session.js";
import { webOptions } from "../web-options.js";

/** Opens a cache of other machines; nothing is asked of it. `platforms` are those of the build. */
export function openPlace(
  spec: CacheSpec,
  session: Session,
  platforms: readonly Platform[],
): CachePlace {
  const { io } = session;
  switch (spec.type) {
    case "local":
      return new DirectoryPlace({ ...spec, path: resolve(io.cwd, spec.path) });
    case "registry": {
      const reference = parseReference(spec.ref);
      const { registry } = session;
      const client = spec.insecure ? insecure(reference.registry, io) : { registry };
      return new RegistryPlace({ reference, platforms, ...client });
    }
    case "s3":
      return openS3(spec, io);
    case "gha":
      return openGha(spec, io);
  }
}

/** A client that does not mind what certificate that host has. */
function insecure(host: string, { env }: Io): Pick<RegistryPlaceOptions, "close" | "registry"> {
  let client: Promise<RegistryClient> | undefined;
  return {
    registry: () => (client ??= openRegistry(env, [host])),
    close: async () => (await client)?.close(),
  };
}

function openS3(spec: S3Spec, io: Io): CachePlace {
  const { env } = io;
  const given = (key: string, value: string | undefined, ...names: readonly string[]): string => {
    const found = value ?? names.map((name) => env[name]).find((text) => text);
    if (found !== undefined) return found;
    throw new BuildError("USAGE", `Cannot use type=s3 without ${key}`, {
      hint: `give ${key}=…, or set ${names.join(" or ")}`,
    });
  };
  const objects = new S3Objects({
    ...webOptions(io),
    bucket: given("bucket", spec.bucket, "AWS_BUCKET"),
    region: given("region", spec.region, "AWS_REGION", "AWS_DEFAULT_REGION"),
    endpoint: spec.endpoint,
    pathStyle: spec.pathStyle,
    credentials: {
      accessKeyId: given("access_key_id", spec.accessKeyId, "AWS_ACCESS_KEY_ID"),
      secretAccessKey: given("secret_access_key", spec.secretAccessKey, "AWS_SECRET_ACCESS_KEY"),
      sessionToken:
        spec.sessionToken ??
        (spec.accessKeyId === undefined ? env["AWS_SESSION_TOKEN"] : undefined),
    },
  });
  const root = `${spec.manifests}${spec.name}/`;
  return new ObjectPlace(objects, {
    latest: `${root}latest.json`,
    records: `${root}records/`,
    mounts: `${root}mounts/`,
    blobs: spec.blobs,
  });
}

function openGha({ url: given, token = "", scope }: GhaSpec, io: Io): CachePlace {
  const { env } = io;
  const url = given?.href ?? env["ACTIONS_RESULTS_URL"] ?? "";
  const bearer = token || env["ACTIONS_RUNTIME_TOKEN"];
  if (!URL.canParse(url) || !bearer) {
    const message = "Cannot use type=gha without ACTIONS_RESULTS_URL and ACTIONS_RUNTIME_TOKEN";
    throw new BuildError("USAGE", message, {
      hint: "a job of GitHub Actions has them only inside an action, which may export them",
    });
  }
  const root = `tsbuild-${scope}-`;
  const latest = `${root}latest`;
  const isReplaced = (key: string): boolean => key === latest || key.startsWith(`${root}mount-`);
  const service = { url: new URL(url), token: bearer, isReplaced };
  const objects = new GhaObjects({ ...webOptions(io), ...service });
  const [records, blobs] = [`${root}record-`, `${root}blob-`];
  return new ObjectPlace(objects, { latest, records, mounts: root, blobs });
}
