import { displayWidth } from "../../src/progress/terminal-text.js";

interface Cell {
  readonly character: string;
}

/** As much of a terminal as the tty renderer uses; anything else it writes is an error. */
export class ScreenEmulator {
  /** Scrollback and screen, top to bottom. */
  #lines: Cell[][] = [[]];
  #row = 0;
  #column = 0;
  #wraps = true;
  cursorVisible = true;
  columns: number;
  rows: number;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** Everything, scrollback included, without trailing blanks. */
  get text(): readonly string[] {
    const lines = this.#lines.map((cells) => cells.map(({ character }) => character).join(""));
    while (lines.at(-1) === "") lines.pop();
    return lines.map((line) => line.trimEnd());
  }

  /** The visible part. */
  get screen(): readonly string[] {
    return this.#lines
      .slice(this.#top)
      .map((cells) => cells.map((cell) => cell.character).join(""));
  }

  get wraps(): boolean {
    return this.#wraps;
  }

  write(text: string): void {
    const tokens = /\x1b\[(\??[\d;]*)([A-Za-z])|[^\x1b]|\x1b/gsu;
    for (const [token, parameter, command] of text.matchAll(tokens)) {
      if (command !== undefined) this.#control(`${parameter ?? ""}${command}`);
      else this.#put(token);
    }
  }

  /** Lays the lines anew as terminals do that reflow. */
  resize(columns: number, rows: number): void {
    const lines: Cell[][] = [];
    let row = 0;
    this.#lines.forEach((line, index) => {
      if (index === this.#row) row = lines.length;
      const full = line.slice(0, line.findLastIndex(({ character }) => character !== " ") + 1);
      do lines.push(full.splice(0, columns));
      while (full.length > 0);
    });
    this.#lines = lines;
    this.#row = row;
    this.columns = columns;
    this.rows = rows;
  }

  get #top(): number {
    return Math.max(0, this.#lines.length - this.rows);
  }

  #control(sequence: string): void {
    const up = /^(\d+)A$/.exec(sequence)?.[1];
    if (up !== undefined) this.#row = Math.max(this.#top, this.#row - Number(up));
    else if (sequence === "K") this.#lines[this.#row]?.splice(this.#column);
    else if (sequence === "J") this.#eraseBelow();
    else if (sequence === "?25l") this.cursorVisible = false;
    else if (sequence === "?25h") this.cursorVisible = true;
    else if (sequence === "?7l") this.#wraps = false;
    else if (sequence === "?7h") this.#wraps = true;
    else if (!/^[\d;]*m$/.test(sequence)) throw new Error(`unexpected escape ${sequence}`);
  }

  #eraseBelow(): void {
    this.#lines[this.#row]?.splice(this.#column);
    for (const line of this.#lines.slice(this.#row + 1)) line.splice(0);
  }

  #put(character: string): void {
    if (character === "\n") {
      this.#row += 1;
      this.#column = 0; // the terminal driver adds the carriage return
      if (this.#row === this.#lines.length) this.#lines.push([]);
      return;
    }
    if (character === "\r") {
      this.#column = 0;
      return;
    }
    if (character < " ") throw new Error(`unexpected control ${JSON.stringify(character)}`);
    const line = this.#lines[this.#row];
    const width = displayWidth(character);
    if (line === undefined || width === 0) return;
    if (this.#column + width > this.columns) throw new Error("a line is wider than the terminal");
    while (line.length < this.#column) line.push({ character: " " });
    line.splice(this.#column, width, { character }, ...(width === 2 ? [{ character: "" }] : []));
    // without wrapping the cursor stays on the last column, where erasing takes what is there
    this.#column = Math.min(this.#column + width, this.columns - (this.#wraps ? 0 : 1));
  }
}
