import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { directoryFiles } from "../../src/snapshotter/directory-files.js";
import { LayeredFiles } from "../../src/snapshotter/layer-files.js";
import { overlayChanges } from "../../src/snapshotter/overlay-changes.js";
import { OverlayXattrs } from "../../src/snapshotter/overlay-xattrs.js";
import type { ActiveSnapshot } from "../../src/snapshotter/snapshotter.js";
import { StateBelow } from "../../src/snapshotter/state-below.js";
import { mount, unmount } from "../../src/sys/mounts.js";

/** A writable overlay over a small root filesystem, as the snapshotter would hand it out. */
export class TestRoot implements ActiveSnapshot {
  readonly root: string;
  readonly upper: string;
  readonly lower: string;
  readonly #directory: string;
  #mounted = false;

  private constructor(directory: string) {
    this.#directory = directory;
    this.lower = join(directory, "lower");
    this.upper = join(directory, "upper");
    this.root = join(directory, "root");
  }

  /** `fill` makes the lower layer, before the overlay is mounted over it. */
  static async open(fill: (lower: string) => Promise<void> = fillBusybox): Promise<TestRoot> {
    const root = new TestRoot(await mkdtemp(join(tmpdir(), "tsbuild exec '$x' ")));
    for (const name of ["lower", "upper", "overlay-work", "root"]) {
      await mkdir(join(root.#directory, name));
    }
    await fill(root.lower);
    root.#mount();
    return root;
  }

  #mount(): void {
    const { lower, upper, root: target } = this;
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${join(this.#directory, "overlay-work")}`;
    mount({ source: "overlay", target, type: "overlay", options: `${options},userxattr` });
    this.#mounted = true;
  }

  isFull(): boolean {
    return false;
  }

  unmount(): Promise<void> {
    if (this.#mounted) unmount(this.root);
    this.#mounted = false;
    return Promise.resolve();
  }

  /** The paths that a commit would tell of, in order. */
  async changed(): Promise<readonly string[]> {
    const overlay = new OverlayXattrs({ userNamespace: true });
    const files = new LayeredFiles([directoryFiles(this.lower, overlay)]);
    const below = new StateBelow(() => Promise.resolve(files));
    const paths = new Set<string>(); // of an opaque directory there are two entries
    for await (const { path } of overlayChanges(this.upper, overlay, below)) paths.add(path);
    return [...paths];
  }

  commit(): Promise<never> {
    return Promise.reject(new Error("the tests of this room commit nothing"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unmount();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

const applets =
  "sh cat ls id mount sleep env pwd hostname kill grep touch mkdir rm mv ln test true false dd ps nc " +
  "nslookup ip mknod chmod stty readlink head unshare chroot tty tr stat tail";

/** Debian's static busybox with links for its applets, and a few users. */
export async function fillBusybox(lower: string): Promise<void> {
  for (const name of ["bin", "etc", "tmp", "home"]) await mkdir(join(lower, name));
  await chmod(join(lower, "tmp"), 0o1777);
  await copyFile("/usr/bin/busybox", join(lower, "bin/busybox"));
  await chmod(join(lower, "bin/busybox"), 0o755);
  for (const name of applets.split(" ")) await symlink("busybox", join(lower, "bin", name));
  await writeFile(
    join(lower, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n",
  );
  await writeFile(join(lower, "etc/group"), "root:x:0:\nweb:x:1000:\nstaff:x:50:web\n");
}
