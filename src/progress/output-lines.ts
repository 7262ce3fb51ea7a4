import { StringDecoder } from "node:string_decoder";
import { printable } from "./terminal-text.js";

/** Longer lines are broken here, so that a step without newlines needs no memory. */
const LONGEST = 16 * 1024;

/** Cuts the bytes of one output stream into printable lines. */
export class OutputLines {
  readonly #decoder = new StringDecoder("utf8");
  #pending = "";

  /** The lines that `chunk` completes. */
  push(chunk: Uint8Array): readonly string[] {
    return this.#split(this.#pending + this.#decoder.write(Buffer.from(chunk)));
  }

  /** The line that has begun, as a terminal would show it now. */
  get pending(): string {
    return overwritten(this.#pending);
  }

  /** What is left without a newline. */
  end(): readonly string[] {
    const lines = this.#split(this.#pending + this.#decoder.end());
    const last = this.pending;
    this.#pending = "";
    return last === "" ? lines : [...lines, last];
  }

  #split(text: string): readonly string[] {
    const parts = text.split("\n");
    this.#pending = parts.pop() ?? "";
    const redrawn = this.#pending.lastIndexOf("\r", this.#pending.length - 2);
    if (redrawn > 0) this.#pending = this.#pending.slice(redrawn);
    while (this.#pending.length > LONGEST) {
      parts.push(this.#pending.slice(0, LONGEST));
      this.#pending = this.#pending.slice(LONGEST);
    }
    return parts.map(overwritten);
  }
}

/** A carriage return starts the line anew: only what was written last is seen. */
function overwritten(line: string): string {
  return printable(line.split("\r").findLast((part) => part !== "") ?? "");
}
