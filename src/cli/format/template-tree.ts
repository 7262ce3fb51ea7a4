import { TemplateError, tokenize, type Token } from "./template-tokens.js";

/** A value in a template. */
export type Operand =
  | { readonly kind: "dot" | "nil" }
  | { readonly kind: "literal"; readonly value: boolean | number | string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "call"; readonly name: string }
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline }
  | { readonly kind: "fields"; readonly of: Operand; readonly names: readonly string[] };

/** `operand argument…`; each command of a pipeline gets the result of the one before as last argument. */
export interface Pipeline {
  /** "$x := …", "$i, $x := …" of range; with `assign` "$x = …". */
  readonly variables: readonly string[];
  readonly assign: boolean;
  readonly commands: readonly (readonly [Operand, ...Operand[]])[];
}

/** `{{if …}} body {{else}} otherwise {{end}}`. */
export interface Block {
  readonly kind: "if" | "range" | "with";
  readonly pipeline: Pipeline;
  readonly body: readonly Node[];
  readonly otherwise: readonly Node[];
}

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly pipeline: Pipeline }
  | { readonly kind: "break" | "continue" }
  | Block;

/** Reads a template; TemplateError when it is none. */
export function parseTree(template: string): readonly Node[] {
  const parser = new Parser(tokenize(template));
  return parser.all();
}

const blocks = ["if", "range", "with"] as const;
/** Words of the language that are not here: templates of one line do without. */
const unknown = new Set(["block", "define", "template"]);

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #loops = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  all(): readonly Node[] {
    const nodes = this.#nodes();
    if (this.#peek() !== undefined) throw new TemplateError(`unexpected {{${this.#keyword()}}}`);
    return nodes;
  }

  /** Up to {{end}}, {{else}} or the end of the template. */
  #nodes(): Node[] {
    const nodes: Node[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (token.kind === "text") {
        nodes.push({ kind: "text", text: token.text });
        this.#next++;
      } else {
        const keyword = this.#keyword();
        if (keyword === "end" || keyword === "else") return nodes;
        nodes.push(this.#action(keyword));
      }
    }
    return nodes;
  }

  #action(keyword: string): Node {
    const block = blocks.find((name) => name === keyword);
    if (unknown.has(keyword)) throw new TemplateError(`{{${keyword}}} is not supported`);
    this.#next++; // {{
    this.#skipBlanks();
    if (block !== undefined) return this.#block(block);
    if (keyword === "break" || keyword === "continue") {
      if (this.#loops === 0) throw new TemplateError(`{{${keyword}}} outside of {{range}}`);
      this.#next++;
      this.#close();
      return { kind: keyword };
    }
    const pipeline = this.#pipeline();
    this.#close();
    return { kind: "print", pipeline };
  }

  /** From the word "if" to its {{end}}, or to that of the block it continues. */
  #block(kind: Block["kind"]): Block {
    this.#next++;
    this.#skipBlanks();
    const pipeline = this.#pipeline();
    this.#close();
    if (kind === "range") this.#loops++;
    const body = this.#nodes();
    if (kind === "range") this.#loops--;
    return { kind, pipeline, body, otherwise: this.#otherwise(kind) };
  }

  #otherwise(kind: string): readonly Node[] {
    if (this.#peek() === undefined) throw new TemplateError(`{{${kind}}} has no {{end}}`);
    const keyword = this.#keyword();
    this.#next++;
    this.#skipBlanks();
    this.#next++; // the word
    this.#skipBlanks();
    if (keyword === "end") {
      this.#close();
      return [];
    }
    const token = this.#peek();
    const chained = blocks.find((name) => token?.kind === "word" && token.text === name);
    if (chained !== undefined) return [this.#block(chained)];
    this.#close();
    const nodes = this.#nodes();
    if (this.#peek() === undefined || this.#keyword() !== "end") {
      throw new TemplateError(`{{${kind}}} has no {{end}}`);
    }
    this.#otherwise(kind);
    return nodes;
  }

  /** The first word of the action that is next. */
  #keyword(): string {
    const at = this.#tokens[this.#next + 1]?.kind === "blank" ? 2 : 1;
    const token = this.#tokens[this.#next + at];
    return token?.kind === "word" ? token.text : "";
  }

  #pipeline(): Pipeline {
    const { variables, assign } = this.#declaration();
    const commands: [Operand, ...Operand[]][] = [];
    do commands.push(this.#command());
    while (this.#takeSign("|"));
    return { variables, assign, commands };
  }

  #declaration(): Pick<Pipeline, "assign" | "variables"> {
    const start = this.#next;
    const variables: string[] = [];
    for (let more = true; more;) {
      const token = this.#peek();
      if (token?.kind !== "variable") break;
      variables.push(token.text);
      this.#next++;
      this.#skipBlanks();
      more = this.#takeSign(",");
    }
    if (variables.length > 0) {
      if (this.#takeSign(":=")) return { variables, assign: false };
      if (this.#takeSign("=")) return { variables, assign: true };
    }
    this.#next = start;
    return { variables: [], assign: false };
  }

  #command(): [Operand, ...Operand[]] {
    const operands: [Operand, ...Operand[]] = [this.#operand()];
    for (;;) {
      const blank = this.#skipBlanks();
      const token = this.#peek();
      if (token === undefined || token.kind === "close" || token.kind === "text") return operands;
      if (token.kind === "sign" && token.text !== "(") return operands;
      if (!blank) throw new TemplateError("a blank is missing between two operands");
      operands.push(this.#operand());
    }
  }

  #operand(): Operand {
    const of = this.#primary();
    const names: string[] = [];
    for (let token = this.#peek(); token?.kind === "field"; token = this.#peek()) {
      if (token.text === ".") break;
      names.push(token.text.slice(1));
      this.#next++;
    }
    return names.length === 0 ? of : { kind: "fields", of, names };
  }

  #primary(): Operand {
    this.#skipBlanks();
    const token = this.#peek();
    switch (token?.kind) {
      case "field":
        if (token.text === ".") this.#next++;
        return { kind: "dot" }; // ".A": its names follow
      case "variable":
        this.#next++;
        return { kind: "variable", name: token.text };
      case "literal":
        this.#next++;
        return { kind: "literal", value: token.value };
      case "word":
        this.#next++;
        return named(token.text);
      case "sign":
        if (token.text === "(") return this.#parenthesis();
        throw new TemplateError(`unexpected "${token.text}"`);
      case "blank":
      case "close":
      case "open":
      case "text":
      case undefined:
        throw new TemplateError("a value is missing");
    }
  }

  #parenthesis(): Operand {
    this.#next++;
    this.#skipBlanks();
    const pipeline = this.#pipeline();
    if (!this.#takeSign(")")) throw new TemplateError('")" is missing');
    return { kind: "pipeline", pipeline };
  }

  #close(): void {
    this.#skipBlanks();
    const token = this.#peek();
    if (token?.kind !== "close") {
      const found = token !== undefined && "text" in token ? `"${token.text}"` : "something";
      throw new TemplateError(`did not expect ${found} at the end of an action`);
    }
    this.#next++;
  }

  /** With the blanks around it. */
  #takeSign(text: string): boolean {
    const start = this.#next;
    this.#skipBlanks();
    const token = this.#peek();
    if (token?.kind === "sign" && token.text === text) {
      this.#next++;
      this.#skipBlanks();
      return true;
    }
    this.#next = start;
    return false;
  }

  #skipBlanks(): boolean {
    if (this.#peek()?.kind !== "blank") return false;
    this.#next++;
    return true;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }
}

function named(word: string): Operand {
  if (word === "true" || word === "false") return { kind: "literal", value: word === "true" };
  return word === "nil" ? { kind: "nil" } : { kind: "call", name: word };
}
