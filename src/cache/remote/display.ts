/** Where people see what is fetched: the vertices of the builder's board. */
export interface Display {
  declare(title: string): number;
  start(vertex: number): void;
  progress(vertex: number, item: string, current: number, total: number): void;
  traffic(bytes: { readonly sent: number }): void;
  end(vertex: number, outcome: { readonly kind: "done" }): void;
  warn(rule: undefined, message: string): void;
}
