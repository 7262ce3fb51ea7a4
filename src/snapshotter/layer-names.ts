import { BuildError } from "../error.js";
import type { LayerId } from "./snapshotter.js";

/**
 * What tells the two forms of a published layer apart (docs/adr/0005-layers-in-two-forms.md). It must
 * be the name: whatever a directory holds, a hostile layer may hold too.
 */
const EROFS_SUFFIX = ".erofs";

/** The name of a layer that is a directory in overlayfs form. */
export function directoryName(id: LayerId): string {
  if (!/^[\w-]+$/.test(id)) throw new Error(`"${id}" is not a layer id`);
  return id;
}

/** The name of a layer that is a tar and its index. */
export function erofsName(id: LayerId): string {
  return `${directoryName(id)}${EROFS_SUFFIX}`;
}

/** The layer of a directory of that name; undefined for one of the other form. */
export function idOfDirectory(name: string): LayerId | undefined {
  return name.endsWith(EROFS_SUFFIX) ? undefined : (name as LayerId);
}

/** The layer of a name in either form. */
export function idOfLayer(name: string): LayerId {
  const id = name.endsWith(EROFS_SUFFIX) ? name.slice(0, -EROFS_SUFFIX.length) : name;
  return id as LayerId;
}

/** Why a layer cannot be used that is not there. */
export function layerGone(id: LayerId): BuildError {
  return new BuildError("STORE", `Cannot use layer "${id}": it is gone`);
}
