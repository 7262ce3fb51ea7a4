import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { mount, mountFlags, unmount, unmountAside } from "../../sys/mounts.js";
import type { LayerId } from "../snapshotter.js";
import type { Workspaces } from "../workspaces.js";
import { mountLayer } from "./mount-layer.js";

/**
 * Where layers are mounted in this process. Not seen in the mount namespace that containers start from: each of
 * them would copy all of these mounts, and take them away at its end.
 */
export class LayerMounts {
  readonly #workspaces: Workspaces;
  readonly #targets = new Map<LayerId, string>();
  #place: string | undefined;
  #count = 0;
  #going: Promise<unknown> = Promise.resolve();

  constructor(workspaces: Workspaces) {
    this.#workspaces = workspaces;
  }

  find(id: LayerId): string | undefined {
    return this.#targets.get(id);
  }

  /** Mounts a layer, which is in the directory `layer`. */
  mount(id: LayerId, layer: string): string {
    const target = join((this.#place ??= this.#makePlace()), `${++this.#count}`);
    mkdirSync(target, 0o755);
    mountLayer(layer, target);
    this.#targets.set(id, target);
    return target;
  }

  unmount(id: LayerId): void {
    const target = this.#targets.get(id);
    if (target === undefined) return;
    this.#targets.delete(id);
    unmount(target);
    rmdirSync(target);
  }

  /** Takes all of them away, on another thread: the kernel waits 0.2 ms for each. */
  release(): void {
    const place = this.#place;
    if (place === undefined) return;
    this.#place = undefined;
    this.#targets.clear();
    const gone = unmountAside(place).then((isDone) => {
      if (isDone) rmdirSync(place);
    });
    this.#going = Promise.allSettled([this.#going, gone]);
  }

  /** Waits for that. What stays is taken away by who removes all of the work directory. */
  async settled(): Promise<void> {
    await this.#going;
  }

  #makePlace(): string {
    const place = this.#workspaces.mountPoint();
    const flags = mountFlags.nosuid | mountFlags.nodev;
    mount({ source: "tmpfs", target: place, type: "tmpfs", flags, options: "mode=700" });
    mount({ source: "none", target: place, flags: mountFlags.private });
    return place;
  }
}
