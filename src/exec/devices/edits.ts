import { stat } from "node:fs/promises";
import { BuildError } from "../../error.js";
import type { DeviceEdits, DeviceNode, Hook } from "../device-edits.js";
import type { BindMount } from "../sandbox-mount.js";
import { deviceNumbers } from "../host-devices.js";
import type { Device } from "./registry.js";
import type { ContainerEdits, HookEdit, MountEdit, NodeEdit } from "./spec-shape.js";

/** What some devices do to a sandbox: for each file first what it says of all its devices, once. */
export async function editsOf(devices: readonly Device[]): Promise<DeviceEdits> {
  const seen = new Set<object>();
  const parts: Part[] = [];
  for (const { name, entry, spec } of devices) {
    for (const edits of [spec.containerEdits, entry.containerEdits]) {
      if (edits === undefined || seen.has(edits)) continue;
      seen.add(edits);
      refuseUnknown(edits, name);
      parts.push({ ...edits, device: name });
    }
  }
  const nodes = parts.flatMap((part) => (part.deviceNodes ?? []).map((edit) => node(edit, part)));
  return {
    env: parts.flatMap(({ env }) => env ?? []),
    nodes: await Promise.all(nodes),
    mounts: parts.flatMap((part) => (part.mounts ?? []).map((edit) => mount(edit, part))),
    additionalGids: parts.flatMap(({ additionalGids }) => additionalGids ?? []),
    hooks: byName(parts.flatMap((part) => (part.hooks ?? []).map((hook) => known(hook, part)))),
  };
}

interface Part extends ContainerEdits {
  /** For messages. */
  readonly device: string;
}

const supported = ["env", "deviceNodes", "mounts", "hooks", "additionalGids"];

/** What a vendor wants done must not be left undone in silence. */
function refuseUnknown(edits: ContainerEdits, device: string): void {
  const unknown = Object.keys(edits).find((key) => !supported.includes(key));
  if (unknown !== undefined) throw cannot(device, `its "${unknown}" is not supported`);
}

/** What is missing is read from the host's node. */
async function node(edit: NodeEdit, { device }: Part): Promise<DeviceNode> {
  const { path, hostPath: source = path, permissions: access = "rwm" } = edit;
  const { fileMode, uid, gid } = edit;
  const numbered = edit.type !== undefined && (edit.type === "p" || edit.major !== undefined);
  const { type, major, minor } = numbered ? asGiven(edit, device) : await look(source, device);
  return { path, source, type, major, minor, access, fileMode, uid, gid };
}

type Kind = Pick<DeviceNode, "major" | "minor" | "type">;

function asGiven({ path, type = "", major = 0, minor = 0 }: NodeEdit, device: string): Kind {
  const known = nodeTypes.get(type);
  if (known !== undefined) return { type: known, major, minor };
  throw cannot(device, `the type "${type}" of "${path}" is not supported`);
}

/** As mknod(1) has them; "u" is an unbuffered one, which is the same today. */
const nodeTypes: ReadonlyMap<string, Kind["type"]> = new Map([
  ["b", "b"],
  ["c", "c"],
  ["u", "c"],
  ["p", "p"],
]);

async function look(path: string, device: string): Promise<Kind> {
  const found = await stat(path, { bigint: true }).catch((cause: unknown) => {
    throw new BuildError("SANDBOX", `Cannot use device "${device}": there is no "${path}"`, {
      cause,
    });
  });
  if (found.isBlockDevice()) return { type: "b", ...deviceNumbers(found.rdev) };
  if (found.isCharacterDevice()) return { type: "c", ...deviceNumbers(found.rdev) };
  if (found.isFIFO()) return { type: "p", major: 0, minor: 0 };
  throw new BuildError("SANDBOX", `Cannot use device "${device}": "${path}" is not a device`);
}

/** What a step's mounts are anyway. */
const implied = ["bind", "rbind", "ro", "rw"];

function mount(
  { hostPath: source, containerPath: target, options = [], type = "" }: MountEdit,
  { device }: Part,
): BindMount {
  if (!["", "bind", "none"].includes(type)) {
    throw cannot(device, `a mount of type "${type}" is not supported`);
  }
  const more = options.filter((option) => !implied.includes(option));
  return { kind: "bind", source, target, readonly: options.includes("ro"), options: more };
}

const moments = "prestart createRuntime createContainer startContainer poststart poststop".split(
  " ",
);

function known(hook: HookEdit, { device }: Part): HookEdit {
  if (moments.includes(hook.hookName)) return hook;
  throw cannot(device, `a hook "${hook.hookName}" is not supported`);
}

function byName(hooks: readonly HookEdit[]): Readonly<Record<string, readonly Hook[]>> {
  const sorted: Record<string, Hook[]> = {};
  for (const { hookName, ...hook } of hooks) (sorted[hookName] ??= []).push(hook);
  return sorted;
}

function cannot(device: string, why: string): BuildError {
  return new BuildError("UNSUPPORTED", `Cannot use device "${device}": ${why}`);
}
