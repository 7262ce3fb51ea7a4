import { badValue } from "../args/usage-error.js";
import { suggest } from "../../suggest.js";
import { functions, type TemplateFunction } from "./template-functions.js";
import { MOST, TemplateError } from "./template-tokens.js";
import { parseTree } from "./template-tree.js";
import type { Block, Node, Operand, Pipeline } from "./template-nodes.js";
import { fieldOf, isRecord, printed, truth } from "./template-value.js";

type Functions = Readonly<Record<string, TemplateFunction>>;

/** A `--format` of docker's: the part of Go's text/template that fits into a line. */
export class Template {
  readonly #text: string;
  readonly #nodes: readonly Node[];

  /** USAGE when it is none, or uses what is not supported. */
  constructor(text: string) {
    this.#text = text;
    this.#nodes = this.#explained(() => parseTree(text));
  }

  /** The text that it makes of `data`; `own` replaces functions. */
  render(data: unknown, own: Functions = {}): string {
    return this.#explained(() => {
      const run = new Run({ ...functions, ...own }, data);
      run.all(this.#nodes, data);
      return run.text;
    });
  }

  #explained<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      if (error instanceof TemplateError) throw badValue("--format", this.#text, error.message);
      throw error;
    }
  }
}

/** Variables, the innermost block first. */
interface Scope {
  readonly values: Map<string, unknown>;
  readonly outer: Scope | undefined;
}

/** How a block ended. */
type End = "break" | "continue" | "done";

class Run {
  text = "";
  readonly #functions: Functions;
  #scope: Scope;

  constructor(own: Functions, data: unknown) {
    this.#functions = own;
    this.#scope = { values: new Map([["$", data]]), outer: undefined };
  }

  all(nodes: readonly Node[], dot: unknown): End {
    for (const node of nodes) {
      const end = this.#node(node, dot);
      if (end !== "done") return end;
    }
    return "done";
  }

  #node(node: Node, dot: unknown): End {
    switch (node.kind) {
      case "text":
        this.text += node.text;
        return "done";
      case "print": {
        const value = this.#pipeline(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) this.text += printed(value);
        return "done";
      }
      case "break":
      case "continue":
        return node.kind;
      case "if":
      case "with":
        return this.#inScope(() => {
          const value = this.#pipeline(node.pipeline, dot);
          if (!truth(value)) return this.all(node.otherwise, dot);
          return this.all(node.body, node.kind === "with" ? value : dot);
        });
      case "range":
        return this.#inScope(() => this.#range(node, dot));
    }
  }

  #range({ pipeline, body, otherwise }: Block, dot: unknown): End {
    const value = this.#pipeline({ ...pipeline, variables: [] }, dot);
    const items = itemsOf(value);
    if (items.length === 0) return this.all(otherwise, dot);
    for (const [key, item] of items) {
      const end = this.#inScope(() => {
        const { variables } = pipeline;
        const values = variables.length < 2 ? [item] : [key, item];
        for (const [i, name] of variables.entries()) this.#set(name, values[i], pipeline.assign);
        return this.all(body, item);
      });
      if (end === "break") break;
    }
    return "done";
  }

  #inScope(action: () => End): End {
    const outer = this.#scope;
    this.#scope = { values: new Map(), outer };
    try {
      return action();
    } finally {
      this.#scope = outer;
    }
  }

  #pipeline({ commands, variables, assign }: Pipeline, dot: unknown): unknown {
    let last: readonly unknown[] = [];
    for (const command of commands) last = [this.#command(command, dot, last)];
    for (const name of variables) this.#set(name, last[0], assign);
    return last[0];
  }

  #command(
    [first, ...rest]: readonly [Operand, ...Operand[]],
    dot: unknown,
    last: readonly unknown[],
  ): unknown {
    if (first.kind === "call") {
      const values = rest.map((operand) => this.#operand(operand, dot));
      return this.#call(first.name, [...values, ...last]);
    }
    if (rest.length === 0 && last.length === 0) return this.#operand(first, dot);
    throw new TemplateError("arguments for what is not a function");
  }

  #operand(operand: Operand, dot: unknown): unknown {
    switch (operand.kind) {
      case "dot":
        return dot;
      case "nil":
        return undefined;
      case "literal":
        return operand.value;
      case "variable":
        return this.#variable(operand.name);
      case "call":
        return this.#call(operand.name, []);
      case "pipeline":
        return this.#pipeline(operand.pipeline, dot);
      case "fields":
        return operand.names.reduce(fieldOf, this.#operand(operand.of, dot));
    }
  }

  #call(name: string, values: readonly unknown[]): unknown {
    const call = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (call !== undefined) return call(...values);
    const near = suggest(name, Object.keys(this.#functions));
    const help =
      near === undefined ? Object.keys(this.#functions).join(", ") : `did you mean ${near}?`;
    throw new TemplateError(`no function "${name}": ${help}`);
  }

  #variable(name: string): unknown {
    for (let scope: Scope | undefined = this.#scope; scope !== undefined; scope = scope.outer) {
      if (scope.values.has(name)) return scope.values.get(name);
    }
    throw new TemplateError(`no variable "${name}"`);
  }

  #set(name: string, value: unknown, assign: boolean): void {
    if (!assign) {
      this.#scope.values.set(name, value);
      return;
    }
    let scope: Scope | undefined = this.#scope;
    while (scope !== undefined && !scope.values.has(name)) scope = scope.outer;
    if (scope === undefined) throw new TemplateError(`no variable "${name}"`);
    scope.values.set(name, value);
  }
}

/** What {{range}} goes through: a list, a map in the order of its keys, or so many numbers. */
function itemsOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return [...value.entries()];
  if (isRecord(value)) return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  if (typeof value === "number" && value <= MOST) {
    return Array.from({ length: value }, (_, i) => [i, i]);
  }
  throw new TemplateError(`cannot go through ${JSON.stringify(value)}`);
}
