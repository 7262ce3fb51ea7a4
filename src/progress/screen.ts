import { displayWidth, fit } from "./terminal-text.js";
import type { RendererOptions, Style } from "./renderer.js";

/** A line of printable text, with what it is drawn in. */
export interface ScreenLine {
  /** Cut where it is too long. */
  readonly text: string;
  /** Drawn at the right edge, and never cut. */
  readonly right?: string;
  readonly style?: Style;
}

const usualCodes: Readonly<Record<Style, string>> = {
  cancelled: "33",
  done: "36",
  failed: "31",
  output: "2",
  warning: "33",
};

/**
 * The bottom lines of a terminal, drawn again and again, below a log that stays. Nothing else may
 * write to the terminal between the first `draw` and `close`.
 */
export class Screen {
  readonly #options: RendererOptions;
  /** Widths of the lines drawn last. */
  #drawn: readonly number[] = [];
  #open = false;

  constructor(options: RendererOptions) {
    this.#options = options;
  }

  /** Adds `log` for good and puts `live` below it, in place of what was there. */
  draw(log: readonly ScreenLine[], live: readonly ScreenLine[]): void {
    const { columns, rows } = this.#options.size();
    const shown = live.slice(0, Math.max(1, rows - 1)).map((line) => this.#format(line, columns));
    const lasting = log.map((line) => this.#format(line, columns));
    // without line wrapping a character whose width we misjudge cannot break the count of lines;
    // a line is erased before it is written, since afterwards the cursor may be on its last character
    const text = [
      this.#open ? "\x1b[?7l" : "\x1b[?25l\x1b[?7l",
      this.#back(columns, rows),
      ...[...lasting, ...shown].map(({ text }) => `\x1b[K${text}\n`),
      "\x1b[J\x1b[?7h",
    ];
    this.#options.out.write(text.join(""));
    this.#open = true;
    this.#drawn = shown.map(({ width }) => width);
  }

  /** Leaves `log` in place of the live lines, and the terminal as it was. */
  close(log: readonly ScreenLine[]): void {
    if (!this.#open && log.length === 0) return;
    this.draw(log, []);
    this.#options.out.write("\x1b[?25h");
    this.#open = false;
  }

  /** Moves to the first live line. A terminal made narrower has wrapped the ones drawn before. */
  #back(columns: number, rows: number): string {
    const lines = this.#drawn.map((width) => Math.max(1, Math.ceil(width / Math.max(1, columns))));
    const up = Math.min(
      lines.reduce((sum, count) => sum + count, 0),
      rows - 1,
    );
    return up > 0 ? `\r\x1b[${up}A` : "\r";
  }

  #format(line: ScreenLine, columns: number): { readonly text: string; readonly width: number } {
    const right = line.right === undefined ? "" : ` ${line.right}`;
    const room = columns - right.length;
    const left = fit(line.text, room);
    const gap = right === "" ? "" : " ".repeat(Math.max(0, room - displayWidth(left)));
    const text = fit(`${left}${gap}${right}`, columns);
    const width = displayWidth(text);
    if (!this.#options.color || line.style === undefined) return { text, width };
    const code = this.#options.codes?.[line.style] ?? usualCodes[line.style];
    return { text: `\x1b[${code}m${text}\x1b[0m`, width };
  }
}
