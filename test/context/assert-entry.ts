import { assert } from "chai";
import type { Entry } from "../../src/oci/changeset.js";

/** Asserts that there is an entry, with at least these fields. */
export function assertEntry(entry: Entry | undefined, wanted: object): void {
  const all: object = entry ?? {};
  assert.deepInclude(all, wanted);
}
