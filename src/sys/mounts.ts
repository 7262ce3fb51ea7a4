import { bind, bindAsync, cPath } from "./libc.js";
import { check } from "./system-error.js";

const prototypes = {
  mount: "int mount(const char*, const char*, const char*, unsigned long, const char*)",
  umount2: "int umount2(const char*, int)",
} as const;

const c = { mount: bind(prototypes.mount), umount2: bind(prototypes.umount2) };
const aside = { mount: bindAsync(prototypes.mount), umount2: bindAsync(prototypes.umount2) };

/** MNT_DETACH. */
const DETACH = 2;

/** Flags of mount(2). */
export const mountFlags = {
  readonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  bind: 4096,
  rec: 16384,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
} as const;

/** What mount(2) is asked for. */
export interface MountRequest {
  readonly source: string;
  readonly target: string;
  readonly type?: string;
  readonly flags?: number;
  /** As in fstab: "lowerdir=…,upperdir=…". At most one page. */
  readonly options?: string;
}

/** mount(2). */
export function mount(request: MountRequest): void {
  check(c.mount(...argumentsOf(request)), "mount", request.target);
}

/** As `mount`, on another thread. */
export async function mountAside(request: MountRequest): Promise<void> {
  const result = await aside.mount(...argumentsOf(request));
  if (result !== 0) mount(request); // which tells why
}

function argumentsOf({ source, target, type, flags = 0, options }: MountRequest): unknown[] {
  const data = options === undefined ? null : cPath(options);
  return [cPath(source), cPath(target), type ?? null, flags, data];
}

/** As `unmount`, on another thread; false when that failed. */
export async function unmountAside(target: string): Promise<boolean> {
  return (await aside.umount2(cPath(target), DETACH)) === 0;
}

/** umount2(2) with MNT_DETACH: the mount goes as soon as nobody uses it. */
export function unmount(target: string): void {
  check(c.umount2(cPath(target), DETACH), "umount2", target);
}
