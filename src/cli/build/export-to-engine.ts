import { parseReference } from "../../oci/reference.js";
import { writeImageArchive } from "../../output/image-archive.js";
import { loadIntoEngine } from "../../output/load-into-engine.js";
import { asTar } from "../../store/layer-bytes.js";
import { intoStore, type ImageForm } from "../args/output.js";
import { finishImages, pack } from "./export-image.js";
import { exportToStore } from "./export-to-store.js";
import { namesOf, type BuildSummary, type Exporting } from "./exporting.js";
import { findEngine } from "./find-engine.js";

/**
 * What `--load` means where the builder is not an engine (F15): the image is kept in the store, as every
 * image is, and handed over to the engine that runs here, if one does.
 */
export async function exportToEngine(
  form: ImageForm,
  exporting: Exporting,
  vertex: number,
): Promise<BuildSummary> {
  const { board, session } = exporting;
  const output = { ...intoStore, ...form, type: "image" } as const;
  const summary = await exportToStore(output, exporting, vertex);
  const engine = await findEngine(session.io);
  if (engine === undefined) {
    const message = "No Docker or Podman answers here: the image is in tsbuild's own store only";
    board.warn(undefined, message);
    return summary;
  }
  const images = await finishImages(form, exporting);
  const { packed, root } = await pack(images, form, exporting, asTar);
  const names = namesOf(form, exporting).map((name) => parseReference(name));
  const archive = writeImageArchive([{ packed, descriptor: root, names }], "docker");
  await loadIntoEngine(engine, archive, session.io.signal);
  return summary;
}
