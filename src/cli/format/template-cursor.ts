import { TemplateError, type Token } from "./template-tokens.js";

/** A place among the tokens of a template, and the small steps from there. */
export class TemplateCursor {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The token that is next; undefined at the end. */
  peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  /** Goes on by one token. */
  skip(): void {
    this.#next++;
  }

  /** Does `read`, and goes back to where it began when that finds nothing. */
  attempt<Found>(read: () => Found | undefined): Found | undefined {
    const start = this.#next;
    const found = read();
    if (found === undefined) this.#next = start;
    return found;
  }

  /** The first word of the action that is next. */
  keyword(): string {
    const at = this.#tokens[this.#next + 1]?.kind === "blank" ? 2 : 1;
    const token = this.#tokens[this.#next + at];
    return token?.kind === "word" ? token.text : "";
  }

  /** Whether there were any. */
  skipBlanks(): boolean {
    if (this.peek()?.kind !== "blank") return false;
    this.#next++;
    return true;
  }

  /** With the blanks around it; false, and nothing taken, when another token is next. */
  takeSign(text: string): boolean {
    const start = this.#next;
    this.skipBlanks();
    const token = this.peek();
    if (token?.kind === "sign" && token.text === text) {
      this.#next++;
      this.skipBlanks();
      return true;
    }
    this.#next = start;
    return false;
  }

  /** The end of an action. */
  close(): void {
    this.skipBlanks();
    const token = this.peek();
    if (token?.kind !== "close") {
      const found = token !== undefined && "text" in token ? `"${token.text}"` : "something";
      throw new TemplateError(`did not expect ${found} at the end of an action`);
    }
    this.#next++;
  }
}
