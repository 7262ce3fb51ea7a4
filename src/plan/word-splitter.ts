/** Splits at blanks that came in unquoted; an empty word is none (X13). */
export class WordSplitter {
  readonly #words: string[] = [];
  #word = "";

  add(text: string, splits: boolean): void {
    const [first = "", ...more] = splits ? text.split(/\s+/u) : [text];
    this.#word += first;
    for (const part of more) {
      this.#flush();
      this.#word = part;
    }
  }

  finish(): readonly string[] {
    this.#flush();
    return this.#words;
  }

  #flush(): void {
    if (this.#word !== "") this.#words.push(this.#word);
    this.#word = "";
  }
}
