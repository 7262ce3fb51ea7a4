import { ByteBatches, MadeOfRights } from "../snapshotter/byte-batches.js";
import { rightsText } from "../snapshotter/tree-digest.js";
import { untold, type TreeCursor } from "../snapshotter/tree-text.js";
import { placedEntry, type TreeTarget } from "./placed-entry.js";

/** The text of the type of a file, and the end of a length. */
const TYPE = Buffer.from("4:file", "latin1");
const COLON = Buffer.from(":", "latin1");
/** More than the digits of the length of a path. */
const DIGITS = 16;

/** Makes of the texts of files those that they have where they are placed. */
export class PlacedFileTexts {
  readonly #to: ByteBatches;
  readonly #prefix: Buffer;
  readonly #rights: MadeOfRights;

  constructor(target: TreeTarget, sink: (text: Uint8Array) => void) {
    const { destination } = target;
    this.#to = new ByteBatches(sink);
    this.#prefix = Buffer.from(destination === "" ? "" : `${destination}/`, "latin1");
    this.#rights = new MadeOfRights((cursor) =>
      rightsText(placedEntry(cursor.entry(untold), target)),
    );
  }

  /** Adds the file at the cursor; false where it is too long for that. */
  add(cursor: TreeCursor): boolean {
    const { bytes, pathFrom, pathEnd, rightsEnd, end } = cursor;
    const rights = this.#rights.at(cursor);
    const length = this.#prefix.byteLength + pathEnd - pathFrom;
    const most = TYPE.byteLength + DIGITS + length + rights.byteLength + end - rightsEnd;
    if (!this.#to.hasRoom(most)) return false;
    this.#to.add(TYPE);
    this.#to.addNumber(length);
    this.#to.add(COLON);
    this.#to.add(this.#prefix);
    this.#to.add(bytes, pathFrom, pathEnd);
    this.#to.add(rights);
    this.#to.add(bytes, rightsEnd, end);
    return true;
  }

  /** Hands on what was added. */
  flush(): void {
    this.#to.flush();
  }
}
