import {
  BackwardCode,
  Code,
  decodeProgram,
  encodeProgram,
  instructionAt,
  isConditional,
  type Instruction,
  type Target,
} from "./bpf.js";

/** Offsets in struct seccomp_data (seccomp(2)). */
const CALL = 0;
const ARCHITECTURE = 4;

type Filter = readonly Instruction[];

/** What a filter does with the calls of one architecture begins at `start`. */
interface Part {
  readonly architecture: number;
  readonly start: number;
}

/** System calls in a row that are treated alike: the first one, and the instruction that decides about all. */
interface Interval {
  readonly from: number;
  readonly decision: number;
}

type Intervals = readonly [Interval, ...Interval[]];

/**
 * A seccomp filter with the answers of `program`, which libseccomp made, in fewer instructions. There, each
 * system call has a leaf of the tree, here each interval of calls that are treated alike. The kernel checks
 * and translates the filter anew for every container. A program that is not made like those of libseccomp
 * comes back as it is.
 */
export function shorterFilter(program: Buffer): Buffer {
  const filter = decodeProgram(program);
  const found = partsOf(filter);
  if (found === undefined) return program;
  const { parts, others } = found;
  const bounds = boundsOf(filter);
  const intervals = parts.map(({ start }) => intervalsOf(filter, start, bounds));
  if (!intervals.every((some) => some !== undefined)) return program;

  const writer = new FilterWriter(filter);
  const trees = intervals.map((some) => writer.tree(some));
  return encodeProgram(writer.finish(parts, trees, others));
}

/** The tests of the architecture, with which every filter begins, and what is decided about all others. */
function partsOf(filter: Filter): { parts: readonly Part[]; others: number } | undefined {
  const parts: Part[] = [];
  const [first] = filter;
  if (first?.code !== Code.Load || first.k !== ARCHITECTURE) return undefined;
  for (let at = 1; ;) {
    const { code, jt, jf, k } = instructionAt(filter, at);
    if (code === Code.Return) return { parts, others: at };
    if (code === Code.Jump) at += 1 + k;
    else if (code === Code.JumpIfEqual) {
      parts.push({ architecture: k, start: at + 1 + jt });
      at += 1 + jf;
    } else return undefined;
  }
}

/** The numbers, upwards, before which alone a decision can change. */
function boundsOf(filter: Filter): readonly number[] {
  const bounds = new Set<number>();
  for (const { code, k } of filter) {
    if (isConditional(code)) bounds.add(k).add(k + 1);
  }
  return [...bounds].filter((bound) => bound <= 0xffffffff).sort((a, b) => a - b);
}

function intervalsOf(
  filter: Filter,
  start: number,
  bounds: readonly number[],
): Intervals | undefined {
  const first = decisionOn(filter, start, 0);
  if (first === undefined) return undefined;
  const intervals: [Interval, ...Interval[]] = [{ from: 0, decision: first }];
  let last = first;
  for (const from of bounds) {
    const decision = decisionOn(filter, start, from);
    if (decision === undefined) return undefined;
    if (!alike(filter, last, decision)) intervals.push({ from, decision });
    last = decision;
  }
  return intervals;
}

/** The instruction at which a filter returns, or turns to arguments; undefined where the call is calculated with. */
function decisionOn(filter: Filter, start: number, call: number): number | undefined {
  let loaded = false;
  for (let at = start; ;) {
    const { code, jt, jf, k } = instructionAt(filter, at);
    if (code === Code.Load && k === CALL) {
      loaded = true;
      at++;
    } else if (code === Code.Load || code === Code.Return) return at;
    else if (code === Code.Jump) at += 1 + k;
    else {
      const holds = loaded ? compare(code, call, k) : undefined;
      if (holds === undefined) return undefined;
      at += 1 + (holds ? jt : jf);
    }
  }
}

function compare(code: number, call: number, k: number): boolean | undefined {
  if (code === Code.JumpIfEqual) return call === k;
  if (code === Code.JumpIfGreater) return call > k;
  return code === Code.JumpIfAtLeast ? call >= k : undefined;
}

function alike(filter: Filter, one: number, other: number): boolean {
  const [a, b] = [instructionAt(filter, one), instructionAt(filter, other)];
  return one === other || (a.code === Code.Return && b.code === Code.Return && a.k === b.k);
}

/** Writes a filter again, with the decisions of `filter`. */
class FilterWriter {
  readonly #filter: Filter;
  readonly #code = new BackwardCode();
  readonly #returns = new Map<number, Target>();
  readonly #copies = new Map<number, Target>();

  constructor(filter: Filter) {
    this.#filter = filter;
  }

  tree([first, ...others]: Intervals): Target {
    return this.#code.before(this.#search(first, others), { code: Code.Load, k: CALL });
  }

  finish(parts: readonly Part[], trees: readonly Target[], others: number): Filter {
    let test = this.#copy(others);
    for (const [i, { architecture: k }] of [...parts.entries()].reverse()) {
      const tree = trees[i] ?? test;
      test = this.#code.branch({ code: Code.JumpIfEqual, k }, tree, test);
    }
    this.#code.before(test, { code: Code.Load, k: ARCHITECTURE });
    return this.#code.instructions();
  }

  #search(first: Interval, others: readonly Interval[]): Target {
    const middle = others.length >> 1;
    const second = others[middle];
    if (second === undefined) return this.#copy(first.decision);
    const above = this.#search(second, others.slice(middle + 1));
    const below = this.#search(first, others.slice(0, middle));
    return this.#code.branch({ code: Code.JumpIfGreater, k: second.from - 1 }, above, below);
  }

  /** The instructions from `at` on, once for all that lead there. */
  #copy(at: number): Target {
    const instruction = instructionAt(this.#filter, at);
    const { code, jt, jf, k } = instruction;
    if (code === Code.Jump) return this.#copy(at + 1 + k);
    if (code === Code.Return) return onceOf(this.#returns, k, () => this.#code.return(k));
    return onceOf(this.#copies, at, () =>
      isConditional(code)
        ? this.#code.branch(instruction, this.#copy(at + 1 + jt), this.#copy(at + 1 + jf))
        : this.#code.before(this.#copy(at + 1), instruction),
    );
  }
}

function onceOf(known: Map<number, Target>, key: number, write: () => Target): Target {
  const target = known.get(key) ?? write();
  known.set(key, target);
  return target;
}
