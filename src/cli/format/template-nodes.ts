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

/** A piece of a template. */
export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly pipeline: Pipeline }
  | { readonly kind: "break" | "continue" }
  | Block;
