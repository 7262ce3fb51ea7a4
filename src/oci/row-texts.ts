import type { FileRow } from "./file-row.js";

/** Text that becomes bytes at once. */
const BATCH = 1 << 16;

/** How the text of a file is made; all in latin1. */
export interface RowForm {
  /** What its path begins with: nothing, or a directory and "/". */
  readonly prefix: string;
  /** Of mode, owner and size, and nothing else. */
  readonly facts: (row: FileRow) => string;
  /** `directory` is what the path begins with, `facts` what was made of the others. */
  readonly text: (row: FileRow, directory: string, facts: string) => string;
}

/** Makes texts of files from their rows, one behind the other. */
export class RowTexts {
  readonly #form: RowForm;
  readonly #sink: (text: Uint8Array) => void;
  #pending = "";
  /** What the sink is given a part of: fresh memory for each would cost more than what is done with it. */
  #bytes = Buffer.allocUnsafeSlow(2 * BATCH);
  /** What was made of the row before: nearly all have the same. */
  #own = "";
  #directory: string;
  #mode = -1;
  #uid = -1;
  #gid = -1;
  #size = -1;
  #facts = "";

  /** What the sink is given is valid until it is done. */
  constructor(form: RowForm, sink: (text: Uint8Array) => void) {
    this.#form = form;
    this.#sink = sink;
    this.#directory = form.prefix;
  }

  add(row: FileRow): void {
    if (row.directory !== this.#own) {
      this.#own = row.directory;
      this.#directory = `${this.#form.prefix}${row.directory}`;
    }
    if (!this.#isAsBefore(row)) this.#prepare(row);
    this.addText(this.#form.text(row, this.#directory, this.#facts));
  }

  /** Adds any text. */
  addText(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= BATCH) this.flush();
  }

  /** Hands on what was added. */
  flush(): void {
    if (this.#pending === "") return;
    const { length } = this.#pending;
    if (length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(length);
    this.#bytes.write(this.#pending, "latin1");
    this.#sink(this.#bytes.subarray(0, length));
    this.#pending = "";
  }

  #isAsBefore({ mode, uid, gid, size }: FileRow): boolean {
    return mode === this.#mode && uid === this.#uid && gid === this.#gid && size === this.#size;
  }

  #prepare(row: FileRow): void {
    [this.#mode, this.#uid, this.#gid, this.#size] = [row.mode, row.uid, row.gid, row.size];
    this.#facts = this.#form.facts(row);
  }
}
