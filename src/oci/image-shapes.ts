import {
  boolean,
  digest,
  listOf,
  literal,
  nullable,
  number,
  object,
  optional,
  recordOf,
  shape,
  size,
  string,
  time,
} from "./json-shape.js";

const strings = listOf(string);
const texts = recordOf(string);

const platform = shape({
  os: string,
  architecture: string,
  variant: optional(string),
  "os.version": optional(string),
  "os.features": optional(strings),
});

const descriptor = shape({
  mediaType: string,
  digest,
  size,
  annotations: optional(texts),
  platform: optional(platform),
  urls: optional(strings),
  artifactType: optional(string),
});

/** A descriptor of which only the digest need be there. */
export const partialDescriptorShape = shape({
  mediaType: optional(string),
  digest,
  size: optional(size),
  annotations: optional(texts),
  platform: optional(platform),
});

/** What `Manifest` promises. */
export const manifestShape = shape({
  schemaVersion: literal(2),
  mediaType: string,
  config: descriptor,
  layers: listOf(descriptor),
  artifactType: optional(string),
  annotations: optional(texts),
});

/** What `Index` promises. */
export const indexShape = shape({
  schemaVersion: literal(2),
  mediaType: string,
  manifests: listOf(descriptor),
  annotations: optional(texts),
});

const healthcheck = shape({
  Test: optional(strings),
  Interval: optional(number),
  Timeout: optional(number),
  StartPeriod: optional(number),
  StartInterval: optional(number),
  Retries: optional(number),
});

const runtimeConfig = shape({
  User: optional(string),
  ExposedPorts: optional(recordOf(object)),
  Env: optional(strings),
  Entrypoint: nullable(strings),
  Cmd: nullable(strings),
  Volumes: nullable(recordOf(object)),
  WorkingDir: optional(string),
  Labels: nullable(texts),
  StopSignal: optional(string),
  ArgsEscaped: optional(boolean),
  Healthcheck: optional(healthcheck),
  OnBuild: nullable(strings),
  Shell: optional(strings),
});

const historyEntry = shape({
  created: optional(time),
  created_by: optional(string),
  author: optional(string),
  comment: optional(string),
  empty_layer: optional(boolean),
});

/** What `ImageConfig` promises. */
export const imageConfigShape = shape({
  architecture: string,
  os: string,
  variant: optional(string),
  "os.version": optional(string),
  "os.features": optional(strings),
  author: optional(string),
  created: optional(time),
  config: optional(runtimeConfig),
  rootfs: shape({ type: literal("layers"), diff_ids: listOf(digest) }),
  history: optional(listOf(historyEntry)),
});
