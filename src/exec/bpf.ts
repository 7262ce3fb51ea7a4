import { endianness } from "node:os";

/** One instruction of classic BPF: struct sock_filter (linux/filter.h), 8 bytes in the machine's order. */
export interface Instruction {
  readonly code: number;
  /** How many instructions a conditional jump skips where its test holds, and where it does not. */
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** The instructions that filters of system calls decide with; the others prepare arguments. */
export const Code = {
  /** BPF_LD | BPF_W | BPF_ABS: loads 4 bytes at k. */
  Load: 0x20,
  /** BPF_JMP | BPF_JA: skips k instructions. */
  Jump: 0x05,
  JumpIfEqual: 0x15,
  JumpIfGreater: 0x25,
  JumpIfAtLeast: 0x35,
  /** BPF_RET | BPF_K. */
  Return: 0x06,
} as const;

/** Whether an instruction of this code jumps by what it tests (BPF_JMP, but for BPF_JA). */
export function isConditional(code: number): boolean {
  return (code & 0x07) === Code.Jump && code !== Code.Jump;
}

/** The instruction at `at`; throws where a program ends without returning, which the kernel accepts of none. */
export function instructionAt(program: readonly Instruction[], at: number): Instruction {
  const instruction = program[at];
  if (instruction === undefined) throw new Error("a BPF program leads behind its end");
  return instruction;
}

const SIZE = 8;
const LITTLE = endianness() === "LE";

export function decodeProgram(program: Buffer): readonly Instruction[] {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  return Array.from({ length: program.byteLength / SIZE }, (_, i) => ({
    code: view.getUint16(i * SIZE, LITTLE),
    jt: view.getUint8(i * SIZE + 2),
    jf: view.getUint8(i * SIZE + 3),
    k: view.getUint32(i * SIZE + 4, LITTLE),
  }));
}

export function encodeProgram(instructions: readonly Instruction[]): Buffer {
  const program = Buffer.alloc(instructions.length * SIZE);
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  for (const [i, { code, jt, jf, k }] of instructions.entries()) {
    view.setUint16(i * SIZE, code, LITTLE);
    view.setUint8(i * SIZE + 2, jt);
    view.setUint8(i * SIZE + 3, jf);
    view.setUint32(i * SIZE + 4, k, LITTLE);
  }
  return program;
}

/** Where an instruction is that others lead to. */
export interface Target {
  /** Instructions from it to the end of the program, itself among them. */
  fromEnd: number;
  /** What it returns, if it returns. */
  readonly returns: number | undefined;
}

/** How far a conditional jump leads at most, less one that the reach of its other target may cost. */
const REACH = 0xff - 1;

/** Writes a program from its end on: in BPF all jumps lead forward, so that their targets are there already. */
export class BackwardCode {
  readonly #code: Instruction[] = [];

  instructions(): readonly Instruction[] {
    return this.#code.toReversed();
  }

  return(value: number): Target {
    return { fromEnd: this.#put({ code: Code.Return, jt: 0, jf: 0, k: value }), returns: value };
  }

  /** An instruction without a jump, and after it `next`. */
  before(next: Target, { code, k }: Pick<Instruction, "code" | "k">): Target {
    if (next.fromEnd !== this.#code.length) this.#repeat(next);
    return { fromEnd: this.#put({ code, jt: 0, jf: 0, k }), returns: undefined };
  }

  /** A conditional jump. */
  branch({ code, k }: Pick<Instruction, "code" | "k">, yes: Target, no: Target): Target {
    for (const target of [yes, no]) {
      if (this.#code.length - target.fromEnd > REACH) this.#repeat(target);
    }
    const [jt, jf] = [this.#code.length - yes.fromEnd, this.#code.length - no.fromEnd];
    return { fromEnd: this.#put({ code, jt, jf, k }), returns: undefined };
  }

  /** Has what is written next lead to `target` at no distance. */
  #repeat(target: Target): void {
    const { returns, fromEnd } = target;
    const jump = { code: Code.Jump, jt: 0, jf: 0, k: this.#code.length - fromEnd };
    target.fromEnd = this.#put(
      returns === undefined ? jump : { code: Code.Return, jt: 0, jf: 0, k: returns },
    );
  }

  #put(instruction: Instruction): number {
    return this.#code.push(instruction);
  }
}
