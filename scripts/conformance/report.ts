import { reference } from "./builders/all.js";
import type { Result } from "./build-case.js";
import type { Case } from "./case.js";
import { agrees, fault } from "./check.js";
import { difference } from "./difference.js";
import type { Image } from "./outcome.js";
import { render } from "./render.js";

/** Collects what came of the cases, and tells it. */
export class Report {
  readonly #bases: readonly Image[];
  readonly #faults: string[] = [];
  readonly #pending: string[] = [];
  readonly #notes: string[] = [];
  #cases = 0;

  constructor(bases: readonly Image[]) {
    this.#bases = bases;
  }

  /** True when tsbuild's result of a case is not the expected one. */
  get failed(): boolean {
    return this.#faults.length > 0;
  }

  /** Takes the results of one case, ours first. */
  add(item: Case, [ours, ...peers]: readonly Result[]): void {
    if (ours === undefined) throw new Error("no result of our own");
    this.#cases++;
    const wrong = fault(item, ours.outcome, this.#bases);
    if (wrong !== undefined) this.addFault(item, wrong);
    else if (item.pending !== undefined)
      this.#pending.push(`${item.name}: pending: ${item.pending}`);
    for (const peer of peers) this.#compare(item, ours, peer);
  }

  addFault({ name, title }: Case, text: string): void {
    this.#faults.push(`${name}: ${title}\n${indented(text)}`);
  }

  #compare(item: Case, ours: Result, { builder, outcome }: Result): void {
    const { name, view } = builder;
    if (name === reference && (item.differs ?? item.pending ?? item.reviewed) !== undefined) return;
    if (agrees(ours.outcome, outcome, { bases: this.#bases, view })) return;
    const [mine, theirs] = [ours.outcome, outcome].map((each) => render(each, this.#bases, view));
    const text = indented(difference(theirs ?? "", mine ?? ""));
    if (name !== reference) this.#notes.push(`${item.name}: not as ${name}\n${text}`);
  }

  /** Everything, the faults last. */
  text(): string {
    const counts = `${this.#cases} cases: ${this.#faults.length} faults, ${this.#pending.length} pending`;
    return [...this.#notes.sort(), ...this.#pending.sort(), ...this.#faults.sort(), counts].join(
      "\n",
    );
  }
}

function indented(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, "    ");
}
