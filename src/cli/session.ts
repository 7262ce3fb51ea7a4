import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hostPlatform, type Platform } from "../oci/platform.js";
import type { Credentials } from "../registry/docker-config.js";
import type { RegistryClient } from "../registry/registry-client.js";
import type { Snapshotter } from "../snapshotter/snapshotter.js";
import { openStore } from "../store/open-store.js";
import type { SnapshotterSite, Store } from "../store/store.js";
import { parseSize } from "./args/size.js";
import { chooseSnapshotter } from "./choose-snapshotter.js";
import { readConfigFile, userConfiguration } from "./config-file.js";
import { dockerConfigPath } from "./docker-config-path.js";
import { given } from "./environment.js";
import { diskSize, garbageConfig, limitsOn } from "./gc-limits.js";
import type { Io } from "./io.js";
import { asOneself, readNamespace, type Namespace } from "./namespace.js";
import { storeRoot } from "./store-root.js";

/** What a command works with: the store, and the rest when it is asked for. */
export interface Session extends AsyncDisposable {
  readonly io: Io;
  readonly namespace: Namespace;
  readonly store: Store;
  /** This machine's. */
  readonly platform: Platform;
  /** Opened at the first call. */
  readonly registry: () => Promise<RegistryClient>;
}

/** Opens the store that the environment names (DESIGN.md section 7 and 8). */
export async function openSession(io: Io): Promise<Session> {
  const namespace = readNamespace();
  const root = storeRoot(io, namespace);
  const openSnapshotter = (site: SnapshotterSite): Promise<Snapshotter> =>
    chooseSnapshotter(given(io.env, "TSBUILD_SNAPSHOTTER"), {
      ...site,
      changesInMemory: runMemory(given(io.env, "TSBUILD_RUN_TMPFS")),
    });
  const garbage = garbageConfig(readConfigFile(io.env), io.env);
  const collect = {
    limits: () => limitsOn(diskSize(root), garbage),
    warn: (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      io.err.write(`warning: Cannot collect garbage: ${reason}\n`);
    },
  };
  const store = await openStore(
    { root, userNamespace: namespace.user, openSnapshotter, collect },
    io.signal,
  );
  let registry: Promise<RegistryClient> | undefined;
  return {
    io,
    namespace,
    store,
    platform: hostPlatform(process.arch),
    registry: () => (registry ??= openRegistry(io.env)),
    [Symbol.asyncDispose]: async () => {
      const opened = await registry?.catch(() => undefined); // whoever asked for it was told
      opened?.close();
      await store.close();
    },
  };
}

/** In bytes; none, which tmpfs would take for no limit, is off. */
function runMemory(text: string | undefined): number | undefined {
  const size = text === undefined ? 0 : parseSize("TSBUILD_RUN_TMPFS", text);
  return size === 0 ? undefined : size;
}

/** Loaded when it is needed: node's TLS alone costs a cached build 5 ms. */
export async function openRegistry(
  env: Io["env"],
  insecureHosts: readonly string[] = [],
  login?: Credentials,
): Promise<RegistryClient> {
  const [
    { RegistryClient },
    { credentialsIn, dockerCredentials },
    { proxyChoice },
    { systemAuthorities },
    { hostCertificates },
    { readRegistries },
  ] = await Promise.all([
    import("../registry/registry-client.js"),
    import("../registry/credentials.js"),
    import("../registry/http/proxy-choice.js"),
    import("../registry/http/authorities.js"),
    import("../registry/host-certificates.js"),
    import("../registry/registry-settings.js"),
  ]);
  const { path, registries } = readConfigFile(env);
  const kept = dockerCredentials(dockerConfigPath(env), asOneself());
  const variable = "DOCKER_AUTH_CONFIG";
  const text = given(env, variable);
  const known = text === undefined ? kept : credentialsIn(variable, text, kept);
  return new RegistryClient({
    credentials: login === undefined ? known : () => Promise.resolve(login),
    registries: readRegistries(registries, path),
    ca: extraAuthorities(env),
    moreAuthorities: () => systemAuthorities(env["SSL_CERT_FILE"]),
    certificates: hostCertificates([
      join(userConfiguration(env), "docker", "certs.d"),
      "/etc/docker/certs.d",
    ]),
    proxy: proxyChoice(env),
    insecureHosts: [
      ...(env["TSBUILD_INSECURE_REGISTRIES"] ?? "").split(",").filter(Boolean),
      ...insecureHosts,
    ],
  });
}

/** As node itself does with NODE_EXTRA_CA_CERTS, a bundle that cannot be read is done without. */
export function extraAuthorities(env: Io["env"]): string | undefined {
  const bundle = env["TSBUILD_EXTRA_CA_CERTS"];
  try {
    return bundle === undefined ? undefined : readFileSync(bundle, "utf8");
  } catch {
    return undefined;
  }
}
