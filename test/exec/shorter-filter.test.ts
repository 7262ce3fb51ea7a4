import { assert } from "chai";
import fc from "fast-check";
import { arch } from "node:os";
import { Code, decodeProgram, encodeProgram, type Instruction } from "../../src/exec/bpf.js";
import { seccompProfile } from "../../src/exec/seccomp-profile.js";
import { shorterFilter } from "../../src/exec/shorter-filter.js";
import { hostPlatform } from "../../src/oci/platform.js";
import { compileFilter } from "../../src/sys/libseccomp.js";
import { runFilter } from "./run-filter.js";

const X86_64 = 0xc000003e;
const ARM64 = 0xc00000b7;
const AND = 0x54;

describe("shorterFilter()", () => {
  it("answers as libseccomp's program, in less than half of its instructions", () => {
    const profile = seccompProfile(hostPlatform(arch()).architecture);
    const long = profile === undefined ? undefined : compileFilter(profile);
    if (long === undefined) throw new Error("no libseccomp on this machine");
    const short = shorterFilter(long);
    assert.isBelow(short.byteLength, long.byteLength / 2);
    const words = [0, 8, 16, 40, 0x20000, 0x20008, 0x7e020000, 0x10000011, 0xffffffff, 2 ** 33];
    answersAlike(short, long, words);
  });

  const comparison = fc.constantFrom(Code.JumpIfEqual, Code.JumpIfGreater, Code.JumpIfAtLeast);
  const number = fc.constantFrom(0, 1, 2, 5, 9, 300, 2 ** 31, 2 ** 32 - 1);
  const tests = fc.array(fc.tuple(comparison, number, fc.nat(3)));

  it("answers as every program that compares numbers", () => {
    fc.assert(
      fc.property(tests, tests, (some, others) => {
        const long = filter(list(some), list(others));
        const short = shorterFilter(long);
        assert.notStrictEqual(short, long);
        answersAlike(short, long, [0]);
      }),
    );
  });

  it("reaches across a program that is longer than a conditional jump", () => {
    const many = Array.from({ length: 700 }, (_, i) => [Code.JumpIfEqual, 2 * i, i % 300] as const);
    const long = filter(list(many), list(many.toReversed()));
    answersAlike(shorterFilter(long), long, [0]);
  });

  const unlike: readonly (readonly [what: string, program: readonly Instruction[]])[] = [
    ["that does not ask for the architecture", list([[Code.JumpIfEqual, 1, 2]])],
    ["that compares architectures", [load(4), jump(Code.JumpIfGreater, 1, 0, 0), value(1)]],
    [
      "that calculates with numbers",
      [load(4), jump(Code.JumpIfEqual, X86_64, 1, 0), value(0), load(0), and(1), value(1)],
    ],
    [
      "that tests bits of numbers",
      [
        load(4),
        jump(Code.JumpIfEqual, X86_64, 1, 0),
        value(0),
        load(0),
        jump(0x45, 1, 0, 0),
        value(1),
      ],
    ],
  ];
  for (const [what, program] of unlike) {
    it(`leaves one ${what} as it is`, () => {
      const long = encodeProgram(program);
      assert.strictEqual(shorterFilter(long), long);
    });
  }
});

function load(k: number): Instruction {
  return { code: Code.Load, jt: 0, jf: 0, k };
}

function and(k: number): Instruction {
  return { code: AND, jt: 0, jf: 0, k };
}

function value(k: number): Instruction {
  return { code: Code.Return, jt: 0, jf: 0, k };
}

function jump(code: number, k: number, jt: number, jf: number): Instruction {
  return { code, jt, jf, k };
}

/** Tries one test after the other: the value of the first that holds, or 7. */
function list(
  tests: readonly (readonly [code: number, k: number, value: number])[],
): Instruction[] {
  return [load(0), ...tests.flatMap(([code, k, v]) => [jump(code, k, 0, 1), value(v)]), value(7)];
}

/** A program of two architectures. */
function filter(some: readonly Instruction[], others: readonly Instruction[]): Buffer {
  return encodeProgram([
    load(4),
    jump(Code.JumpIfEqual, X86_64, 0, 1),
    jump(Code.Jump, 3, 0, 0),
    jump(Code.JumpIfEqual, ARM64, 0, 1),
    jump(Code.Jump, 1 + some.length, 0, 0),
    value(0),
    ...some,
    ...others,
  ]);
}

/** Asks both about every number that one of them compares with, and its neighbours. */
function answersAlike(short: Buffer, long: Buffer, words: readonly number[]): void {
  const constants = decodeProgram(long).map(({ k }) => k);
  const numbers = new Set(constants.flatMap((k) => [k - 1, k, k + 1]));
  for (const token of new Set([X86_64, ARM64, 0x40000003, 0, ...constants.slice(0, 8)])) {
    for (const number of numbers) {
      if (number < 0 || number > 0xffffffff) continue;
      for (const word of words) {
        const call = { number, token, args: [word, word, word, word, word, word] };
        const [got, want] = [runFilter(short, call), runFilter(long, call)];
        if (got !== want) assert.equal(got, want, JSON.stringify(call));
      }
    }
  }
}
