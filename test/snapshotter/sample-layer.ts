import type { Entry } from "../../src/oci/changeset.js";
import { directory, file } from "../oci/entries.js";

/** A layer of some hundred files. */
export function* sampleLayer(): Generator<Entry> {
  yield directory("d");
  for (let i = 100; i < 400; i++) yield file(`d/file-${i}`, `content of ${i}`);
}
