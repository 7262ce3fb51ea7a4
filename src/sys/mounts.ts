import { bind, bindAsync, cPath } from "./libc.js";
import { check } from "./system-error.js";

const c = {
  mount: bind("int mount(const char*, const char*, const char*, unsigned long, const char*)"),
  umount2: bind("int umount2(const char*, int)"),
};

const unmountLater = bindAsync("int umount2(const char*, int)");

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
export function mount({ source, target, type, flags = 0, options }: MountRequest): void {
  const data = options === undefined ? null : cPath(options);
  check(c.mount(cPath(source), cPath(target), type ?? null, flags, data), "mount", target);
}

/** As `unmount`, on another thread; false when that failed. */
export async function unmountAside(target: string): Promise<boolean> {
  return (await unmountLater(cPath(target), DETACH)) === 0;
}

/** umount2(2) with MNT_DETACH: the mount goes as soon as nobody uses it. */
export function unmount(target: string): void {
  check(c.umount2(cPath(target), DETACH), "umount2", target);
}
