import type { BytePath } from "./changeset.js";

/** A plain file of a store with the SHA-256 of its content: what is told of 50,000 of them, without an object for each. */
export class FileRow {
  /** What its path begins with: nothing, or a directory and "/". */
  directory = "";
  name = "";
  mode = 0;
  uid = 0;
  gid = 0;
  /** In bytes. */
  size = 0;
  /** In hex. */
  sha256 = "";

  get path(): BytePath {
    return `${this.directory}${this.name}` as BytePath;
  }

  /** The path of its directory. */
  get parent(): BytePath {
    return this.directory.slice(0, -1) as BytePath;
  }
}
