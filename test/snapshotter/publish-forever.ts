import { openDirectorySnapshotter } from "../../src/snapshotter/directory-snapshotter.js";
import { openErofsSnapshotter } from "../../src/snapshotter/erofs-snapshotter.js";
import type { LayerId } from "../../src/snapshotter/snapshotter.js";
import { inUserNamespace } from "../contracts/snapshotter.js";
import { sampleLayer } from "./sample-layer.js";

/** A process to be killed: publishes one layer after the other, and removes every third. */
const [layers = "", work = "", driver] = process.argv.slice(2);
const snapshots =
  driver === "erofs"
    ? await openErofsSnapshotter({ layers, work, userNamespace: false })
    : await openDirectorySnapshotter({ layers, work, userNamespace: inUserNamespace() });
for (let i = 0; ; i++) {
  await using draft = await snapshots.ingest(sampleLayer());
  await draft.publish(`${process.pid}-${i}` as LayerId);
  await draft.persist();
  if (i % 3 === 2) await snapshots.remove(`${process.pid}-${i - 1}` as LayerId);
  if (i === 0) console.log("running");
}
