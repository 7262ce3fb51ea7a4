import { endianness } from "node:os";

/** A system call, as a seccomp filter sees it. */
export interface Call {
  readonly number: number;
  /** AUDIT_ARCH_…, which is libseccomp's token. */
  readonly token: number;
  readonly args?: readonly number[];
}

/** Runs classic BPF, as much of it as seccomp filters have, over a struct seccomp_data. */
export function runFilter(program: Buffer, { number, token, args = [] }: Call): number {
  const little = endianness() === "LE";
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, little);
  data.setUint32(4, token, little);
  for (const [i, arg] of args.entries()) data.setBigUint64(16 + 8 * i, BigInt(arg), little);
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  let accumulator = 0;
  for (let at = 0; ; at += 8) {
    const [op, k] = [code.getUint16(at, little), code.getUint32(at + 4, little)];
    const jump = (holds: boolean): number => 8 * code.getUint8(at + (holds ? 2 : 3));
    if (op === 0x20) accumulator = data.getUint32(k, little);
    else if (op === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (op === 0x05) at += 8 * k;
    else if (op === 0x15) at += jump(accumulator === k);
    else if (op === 0x25) at += jump(accumulator > k);
    else if (op === 0x35) at += jump(accumulator >= k);
    else if (op === 0x45) at += jump((accumulator & k) !== 0);
    else if (op === 0x06) return k;
    else throw new Error(`unknown instruction 0x${op.toString(16)}`);
  }
}
