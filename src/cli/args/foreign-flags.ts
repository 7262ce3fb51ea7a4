const insecure = "-o type=registry,registry.insecure=true";
const compression = "-o type=…,compression=FORMAT";
const place = "TSBUILD_ROOT=DIRECTORY in the environment";
const epoch = "SOURCE_DATE_EPOCH=SECONDS in the environment";
const times = `${epoch}, and --reproducible`;
const login = "credentials come from config.json in DOCKER_CONFIG, where tsbuild login keeps them";
/** Where to say that a registry has no certificate or a bad one, or mirrors. */
export const registrySettings =
  '"registries" in ~/.config/tsbuild/config.json, see docs/registries.md';
const certificates = "/etc/docker/certs.d/HOST/, see docs/registries.md";
const metadata = "--metadata-file PATH, keys image.name, containerimage.digest";
const archive = "-o type=docker,dest=PATH";
const platform = "--platform OS/ARCHITECTURE";
const layers = "that is always so: each step has a layer, and is cached";
const proxies = "--build-arg HTTPS_PROXY=URL, or proxies in Docker's config.json";
const untouched = "leave it out: no step sees or changes the files of this machine";
const insecureStep = "RUN --security=insecure, with --allow security.insecure";
const retries = "that is always so: what the network broke is tried again";
const looks = "leave it out: every step keeps exactly what it changed";
const stages = "that is always so: stages that the target does not need are left out";

/** How tsbuild says what other builders have a flag for (F35, F36): by that flag. */
export const foreignFlags: ReadonlyMap<string, string> = new Map([
  // buildah and podman
  ["--all-platforms", "--platform OS/ARCHITECTURE,OS/ARCHITECTURE"],
  ["--arch", platform],
  ["--authfile", login],
  ["--build-arg-file", "--build-arg NAME=VALUE for each line"],
  ["--cache-ttl", "tsbuild prune --filter until=DURATION"],
  ["--cap-add", insecureStep],
  ["--cert-dir", certificates],
  ["--compression-format", compression],
  ["--compression-level", "-o type=…,compression-level=N"],
  ["--creds", login],
  ["--disable-compression", "-o type=…,compression=uncompressed"],
  ["--env", "ENV in the Dockerfile"],
  ["--force-compression", "-o type=…,force-compression=true"],
  ["--format", "-o type=…,oci-mediatypes=true or false"],
  ["--from", "--build-context NAME=docker-image://IMAGE, with the name that FROM has"],
  ["--http-proxy", proxies],
  ["--ignorefile", "DOCKERFILE.dockerignore, beside the Dockerfile"],
  ["--layers", layers],
  ["--logfile", "2>FILE"],
  ["--manifest", "-t NAME, with --platform for several"],
  ["--os", platform],
  ["--pull-always", "--pull"],
  ["--pull-never", "leave out --pull: an image of the store is used as it is"],
  ["--retry", retries],
  ["--root", place],
  ["--rewrite-timestamp", "-o type=…,rewrite-timestamp=true"],
  ["--runtime", "TSBUILD_RUNTIME=PATH in the environment"],
  ["--sbom-scanner-image", "--sbom=generator=IMAGE"],
  ["--skip-unused-stages", stages],
  ["--source-date-epoch", `${epoch}, or -o type=…,source-date-epoch=SECONDS`],
  ["--timestamp", times],
  ["--tls-verify", insecure],
  ["--variant", "--platform OS/ARCHITECTURE/VARIANT"],
  ["--volume", "RUN --mount=type=bind in the Dockerfile"],
  // kaniko
  ["--cache", layers],
  ["--cache-copy-layers", layers],
  ["--cache-dir", place],
  ["--cache-repo", "--cache-to and --cache-from type=registry,ref=NAME"],
  ["--cache-run-layers", layers],
  ["--cleanup", untouched],
  ["--compression", compression],
  ["--context", "the context is written without a flag, such as tsbuild ."],
  ["--context-sub-path", "name the directory itself as the context"],
  ["--custom-platform", platform],
  ["--customPlatform", platform],
  ["--destination", "-t NAME --push"],
  ["--digest-file", "--metadata-file PATH, key containerimage.digest"],
  ["--dockerfile", "--file PATH"],
  ["--force", untouched],
  ["--git", "URL#REF:DIRECTORY as the context"],
  ["--ignore-path", untouched],
  ["--ignore-var-run", untouched],
  ["--image-download-retry", retries],
  ["--image-fs-extract-retry", retries],
  ["--image-name-tag-with-digest-file", metadata],
  ["--image-name-with-digest-file", metadata],
  ["--insecure", insecure],
  ["--insecure-pull", registrySettings],
  ["--insecure-registry", registrySettings],
  ["--kaniko-dir", place],
  ["--log-format", "--progress MODE"],
  ["--no-push", "leave out --push"],
  ["--no-push-cache", "leave out --cache-to"],
  ["--oci-layout-path", "-o type=oci,tar=false,dest=PATH"],
  ["--push-retry", retries],
  ["--registry-certificate", certificates],
  ["--registry-client-cert", certificates],
  ["--registry-mirror", registrySettings],
  ["--skip-tls-verify", insecure],
  ["--skip-tls-verify-pull", registrySettings],
  ["--skip-tls-verify-registry", registrySettings],
  ["--snapshot-mode", looks],
  ["--snapshotMode", looks],
  ["--tar-path", archive],
  ["--tarPath", archive],
  ["--use-new-run", looks],
  ["--verbosity", "--progress MODE"],
]);
