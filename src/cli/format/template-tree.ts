import { TemplateCursor } from "./template-cursor.js";
import type { Block, Node, Operand, Pipeline } from "./template-nodes.js";
import { TemplateError, tokenize } from "./template-tokens.js";

/** Reads a template; TemplateError when it is none. */
export function parseTree(template: string): readonly Node[] {
  const parser = new Parser(new TemplateCursor(tokenize(template)));
  return parser.all();
}

const blocks = ["if", "range", "with"] as const;
/** Words of the language that are not here: templates of one line do without. */
const unknown = new Set(["block", "define", "template"]);

class Parser {
  readonly #at: TemplateCursor;
  #loops = 0;

  constructor(at: TemplateCursor) {
    this.#at = at;
  }

  all(): readonly Node[] {
    const nodes = this.#nodes();
    if (this.#at.peek() !== undefined)
      throw new TemplateError(`unexpected {{${this.#at.keyword()}}}`);
    return nodes;
  }

  /** Up to {{end}}, {{else}} or the end of the template. */
  #nodes(): Node[] {
    const nodes: Node[] = [];
    for (let token = this.#at.peek(); token !== undefined; token = this.#at.peek()) {
      if (token.kind === "text") {
        nodes.push({ kind: "text", text: token.text });
        this.#at.skip();
      } else {
        const keyword = this.#at.keyword();
        if (keyword === "end" || keyword === "else") return nodes;
        nodes.push(this.#action(keyword));
      }
    }
    return nodes;
  }

  #action(keyword: string): Node {
    const block = blocks.find((name) => name === keyword);
    if (unknown.has(keyword)) throw new TemplateError(`{{${keyword}}} is not supported`);
    this.#at.skip(); // {{
    this.#at.skipBlanks();
    if (block !== undefined) return this.#block(block);
    if (keyword === "break" || keyword === "continue") {
      if (this.#loops === 0) throw new TemplateError(`{{${keyword}}} outside of {{range}}`);
      this.#at.skip();
      this.#at.close();
      return { kind: keyword };
    }
    const pipeline = this.#pipeline();
    this.#at.close();
    return { kind: "print", pipeline };
  }

  /** From the word "if" to its {{end}}, or to that of the block it continues. */
  #block(kind: Block["kind"]): Block {
    this.#at.skip();
    this.#at.skipBlanks();
    const pipeline = this.#pipeline();
    this.#at.close();
    if (kind === "range") this.#loops++;
    const body = this.#nodes();
    if (kind === "range") this.#loops--;
    return { kind, pipeline, body, otherwise: this.#otherwise(kind) };
  }

  #otherwise(kind: string): readonly Node[] {
    if (this.#at.peek() === undefined) throw new TemplateError(`{{${kind}}} has no {{end}}`);
    const keyword = this.#at.keyword();
    this.#at.skip();
    this.#at.skipBlanks();
    this.#at.skip(); // the word
    this.#at.skipBlanks();
    if (keyword === "end") {
      this.#at.close();
      return [];
    }
    const token = this.#at.peek();
    const chained = blocks.find((name) => token?.kind === "word" && token.text === name);
    if (chained !== undefined) return [this.#block(chained)];
    this.#at.close();
    const nodes = this.#nodes();
    if (this.#at.peek() === undefined || this.#at.keyword() !== "end") {
      throw new TemplateError(`{{${kind}}} has no {{end}}`);
    }
    this.#otherwise(kind);
    return nodes;
  }

  #pipeline(): Pipeline {
    const { variables, assign } = this.#declaration();
    const commands: [Operand, ...Operand[]][] = [];
    do commands.push(this.#command());
    while (this.#at.takeSign("|"));
    return { variables, assign, commands };
  }

  /** "$x :=" and the like; whatever else begins with a variable is a value. */
  #declaration(): Pick<Pipeline, "assign" | "variables"> {
    const found = this.#at.attempt(() => {
      const variables = this.#variables();
      if (variables.length === 0) return undefined;
      if (this.#at.takeSign(":=")) return { variables, assign: false };
      return this.#at.takeSign("=") ? { variables, assign: true } : undefined;
    });
    return found ?? { variables: [], assign: false };
  }

  #variables(): readonly string[] {
    const names: string[] = [];
    do {
      const token = this.#at.peek();
      if (token?.kind !== "variable") break;
      names.push(token.text);
      this.#at.skip();
      this.#at.skipBlanks();
    } while (this.#at.takeSign(","));
    return names;
  }

  #command(): [Operand, ...Operand[]] {
    const operands: [Operand, ...Operand[]] = [this.#operand()];
    for (;;) {
      const blank = this.#at.skipBlanks();
      const token = this.#at.peek();
      if (token === undefined || token.kind === "close" || token.kind === "text") return operands;
      if (token.kind === "sign" && token.text !== "(") return operands;
      if (!blank) throw new TemplateError("a blank is missing between two operands");
      operands.push(this.#operand());
    }
  }

  #operand(): Operand {
    const of = this.#primary();
    const names: string[] = [];
    for (let token = this.#at.peek(); token?.kind === "field"; token = this.#at.peek()) {
      if (token.text === ".") break;
      names.push(token.text.slice(1));
      this.#at.skip();
    }
    return names.length === 0 ? of : { kind: "fields", of, names };
  }

  #primary(): Operand {
    this.#at.skipBlanks();
    const token = this.#at.peek();
    switch (token?.kind) {
      case "field":
        if (token.text === ".") this.#at.skip();
        return { kind: "dot" }; // ".A": its names follow
      case "variable":
        this.#at.skip();
        return { kind: "variable", name: token.text };
      case "literal":
        this.#at.skip();
        return { kind: "literal", value: token.value };
      case "word":
        this.#at.skip();
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
    this.#at.skip();
    this.#at.skipBlanks();
    const pipeline = this.#pipeline();
    if (!this.#at.takeSign(")")) throw new TemplateError('")" is missing');
    return { kind: "pipeline", pipeline };
  }
}

function named(word: string): Operand {
  if (word === "true" || word === "false") return { kind: "literal", value: word === "true" };
  return word === "nil" ? { kind: "nil" } : { kind: "call", name: word };
}
