const insecure = "-o type=registry,registry.insecure=true";
const compression = "-o type=…,compression=FORMAT";
const epoch = "SOURCE_DATE_EPOCH=SECONDS in the environment";
const times = `${epoch}, and --reproducible`;
const login = "credentials come from config.json in DOCKER_CONFIG, where tsbuild login keeps them";
const settings = '"registries" in ~/.config/tsbuild/config.json, see docs/registries.md';
const certificates = "/etc/docker/certs.d/HOST/, see docs/registries.md";
const stages = "that is always so: stages that the target does not need are left out";

/** How tsbuild says what other builders have a flag for (F35, F36): by that flag. */
export const foreignFlags: ReadonlyMap<string, string> = new Map([
  // buildah and podman
  ["--arch", "--platform OS/ARCHITECTURE"],
  ["--authfile", login],
  ["--build-arg-file", "--build-arg NAME=VALUE for each line"],
  ["--cert-dir", certificates],
  ["--compression-format", compression],
  ["--compression-level", "-o type=…,compression-level=N"],
  ["--creds", login],
  ["--disable-compression", "-o type=…,compression=uncompressed"],
  ["--force-compression", "-o type=…,force-compression=true"],
  ["--format", "-o type=…,oci-mediatypes=true or false"],
  ["--from", "--build-context NAME=docker-image://IMAGE, with the name that FROM has"],
  ["--layers", "that is always so: each step has a layer, and is cached"],
  ["--logfile", "2>FILE"],
  ["--os", "--platform OS/ARCHITECTURE"],
  ["--rewrite-timestamp", "-o type=…,rewrite-timestamp=true"],
  ["--runtime", "TSBUILD_RUNTIME=PATH in the environment"],
  ["--skip-unused-stages", stages],
  ["--source-date-epoch", `${epoch}, or -o type=…,source-date-epoch=SECONDS`],
  ["--timestamp", times],
  ["--tls-verify", insecure],
  ["--variant", "--platform OS/ARCHITECTURE/VARIANT"],
  ["--volume", "RUN --mount=type=bind in the Dockerfile"],
  // kaniko
  ["--compression", compression],
  ["--context", "the context is written without a flag, such as tsbuild ."],
  ["--context-sub-path", "name the directory itself as the context"],
  ["--custom-platform", "--platform OS/ARCHITECTURE"],
  ["--destination", "-t NAME --push"],
  ["--digest-file", "--metadata-file PATH, key containerimage.digest"],
  ["--dockerfile", "--file PATH"],
  ["--image-name-with-digest-file", "--metadata-file PATH, keys image.name, containerimage.digest"],
  ["--insecure", insecure],
  ["--insecure-pull", settings],
  ["--insecure-registry", settings],
  ["--no-push", "leave out --push"],
  ["--oci-layout-path", "-o type=oci,tar=false,dest=PATH"],
  ["--registry-certificate", certificates],
  ["--registry-client-cert", certificates],
  ["--registry-mirror", settings],
  ["--skip-tls-verify", insecure],
  ["--skip-tls-verify-pull", settings],
  ["--skip-tls-verify-registry", settings],
  ["--tar-path", "-o type=docker,dest=PATH"],
  ["--verbosity", "--progress MODE"],
]);
