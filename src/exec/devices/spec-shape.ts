import { BuildError } from "../../error.js";
import { listOf, number, object, optional, recordOf, shape, string } from "../../oci/json-shape.js";

/** Which file of the host a device is, and how the sandbox shows it. */
export interface NodeEdit {
  readonly path: string;
  /** Undefined is `path`. */
  readonly hostPath?: string;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  readonly permissions?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** A directory or file of the host. */
export interface MountEdit {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly options?: readonly string[];
  readonly type?: string;
}

/** A program to start at a moment of the sandbox's life. */
export interface HookEdit {
  readonly hookName: string;
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly timeout?: number;
}

/** What is done to a sandbox, for one device or for each of a file. */
export interface ContainerEdits {
  readonly env?: readonly string[];
  readonly deviceNodes?: readonly NodeEdit[];
  readonly mounts?: readonly MountEdit[];
  readonly hooks?: readonly HookEdit[];
  readonly additionalGids?: readonly number[];
}

type Annotations = Readonly<Record<string, string>>;

/** A device, without the vendor and class of its file. */
export interface DeviceEntry {
  readonly name: string;
  readonly annotations?: Annotations;
  readonly containerEdits?: ContainerEdits;
}

/** A file of the Container Device Interface, versions 0 and 1 (SPEC.md of cncf-tags/container-device-interface). */
export interface CdiSpec {
  readonly cdiVersion: string;
  readonly kind: string;
  readonly annotations?: Annotations;
  readonly devices: readonly DeviceEntry[];
  readonly containerEdits?: ContainerEdits;
}

const strings = optional(listOf(string));
const annotations = optional(recordOf(string));

const edits = shape({
  env: strings,
  deviceNodes: optional(
    listOf(
      shape({
        path: string,
        hostPath: optional(string),
        type: optional(string),
        major: optional(number),
        minor: optional(number),
        fileMode: optional(number),
        permissions: optional(string),
        uid: optional(number),
        gid: optional(number),
      }),
    ),
  ),
  mounts: optional(
    listOf(
      shape({ hostPath: string, containerPath: string, options: strings, type: optional(string) }),
    ),
  ),
  hooks: optional(
    listOf(
      shape({
        hookName: string,
        path: string,
        args: strings,
        env: strings,
        timeout: optional(number),
      }),
    ),
  ),
  additionalGids: optional(listOf(number)),
});

const file = shape({
  cdiVersion: string,
  kind: string,
  annotations,
  devices: listOf(shape({ name: string, annotations, containerEdits: object })),
  containerEdits: optional(edits),
});

/** Takes the content of a file for what it says it is. Throws INVALID_IMAGE, saying where it is wrong. */
export function asCdiSpec(value: unknown, path: string): CdiSpec {
  assertSpec(value, path);
  for (const { name, containerEdits } of value.devices) {
    if (!/^[a-z0-9](?:[\w.:-]*[a-z0-9])?$/i.test(name)) throw invalid(path, `device "${name}"`);
    edits(containerEdits, `${path}: device "${name}"`);
  }
  const { kind, cdiVersion } = value;
  if (!/^[^/=]+\/[^/=]+$/.test(kind)) throw invalid(path, `kind "${kind}"`);
  if (!/^[01]\.\d+\.\d+$/.test(cdiVersion)) throw invalid(path, `version ${cdiVersion}`);
  return value;
}

function assertSpec(value: unknown, path: string): asserts value is CdiSpec {
  file(value, path);
}

function invalid(path: string, what: string): BuildError {
  return new BuildError("INVALID_IMAGE", `Cannot read ${path}: invalid ${what}`);
}
