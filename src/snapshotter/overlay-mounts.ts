import { closeSync, constants, openSync } from "node:fs";
import { BuildError } from "../error.js";
import { mountLong } from "../sys/filesystems.js";
import { isSystemError } from "../sys/system-error.js";
import { mount, mountFlags } from "../sys/mounts.js";

/** overlayfs's own limit (fs/overlayfs/params.h, OVL_MAX_STACK). */
const MAX_LOWERS = 500;
/** mount(2) takes one page of options, its last byte NUL. */
const PAGE = 4095;

export interface OverlayRequest {
  readonly target: string;
  /** Directories, the uppermost first; at least one with `upper`, at least two without. */
  readonly lowers: readonly string[];
  /** Where changes go; a mount without is read-only. */
  readonly upper: { readonly changes: string; readonly work: string } | undefined;
  readonly userNamespace: boolean;
}

/**
 * Mounts an overlay. Directories are named by descriptors ("/proc/self/fd/9"): such a name is short,
 * so that 200 layers fit into a page, and has no byte that needs escaping.
 */
export function mountOverlay({ target, lowers, upper, userNamespace }: OverlayRequest): void {
  if (lowers.length > MAX_LOWERS) throw tooMany(lowers.length, `overlayfs takes ${MAX_LOWERS}`);
  const open: number[] = [];
  const name = (directory: string): string => {
    const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    open.push(fd);
    return `/proc/self/fd/${fd}`;
  };
  try {
    const lowerNames = lowers.map(name);
    const upperOptions =
      upper === undefined
        ? []
        : ([
            ["upperdir", name(upper.changes)],
            ["workdir", name(upper.work)],
            ["volatile", undefined], // the snapshotter syncs when it publishes
          ] as const);
    const options = [...upperOptions, ...commonOptions(userNamespace)];
    mountWith({ target, readonly: upper === undefined, lowerNames, options });
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

type Option = readonly [key: string, value: string | undefined];

/** Off, whatever the kernel's defaults: features that put more into a layer than image layers have. */
function commonOptions(userNamespace: boolean): readonly Option[] {
  const always: readonly Option[] = [
    ["index", "off"],
    ["metacopy", "off"],
  ];
  return userNamespace
    ? [["userxattr", undefined], ...always]
    : [["redirect_dir", "nofollow"], ...always];
}

interface NamedMount {
  readonly target: string;
  readonly readonly: boolean;
  readonly lowerNames: readonly string[];
  readonly options: readonly Option[];
}

function mountWith({ target, readonly, lowerNames, options }: NamedMount): void {
  const text = [["lowerdir", lowerNames.join(":")] as const, ...options]
    .map(([key, value]) => (value === undefined ? key : `${key}=${value}`))
    .join(",");
  if (text.length <= PAGE) {
    const flags = readonly ? mountFlags.readonly : 0;
    mount({ source: "overlay", target, type: "overlay", flags, options: text });
    return;
  }
  const lowerOptions = lowerNames.map((lower) => ["lowerdir+", lower] as const);
  try {
    mountLong({ type: "overlay", target, options: [...lowerOptions, ...options], readonly });
  } catch (error) {
    // Linux before 6.7 does not know "lowerdir+"
    if (!isSystemError(error, "EINVAL", "ENOSYS")) throw error;
    throw tooMany(lowerNames.length, "this kernel takes about 200", error);
  }
}

function tooMany(count: number, limit: string, cause?: unknown): BuildError {
  return new BuildError("UNSUPPORTED", `Cannot mount ${count} layers: ${limit}`, {
    hint: "join RUN instructions, or use a base image with fewer layers",
    cause,
  });
}
