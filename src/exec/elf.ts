/** How much of a file `elfArchitecture` and binfmt_misc look at. */
export const HEAD_LENGTH = 128;

/** By e_machine (elf.h); of some the word size or the byte order decides as well. */
const machines = new Map<number, (wide: boolean, little: boolean) => string>([
  [3, () => "386"],
  [8, (wide, little) => `mips${wide ? "64" : ""}${little ? "le" : ""}`],
  [20, () => "ppc"],
  [21, (_, little) => `ppc64${little ? "le" : ""}`],
  [22, () => "s390x"],
  [40, () => "arm"],
  [62, () => "amd64"],
  [183, () => "arm64"],
  [243, () => "riscv64"],
  [258, () => "loong64"],
]);

/** What a program is for, as images name it, by how its file begins; undefined of what is none, or not known. */
export function elfArchitecture(head: Buffer): string | undefined {
  if (head.length < 20 || head.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const [wide, little] = [head[4] === 2, head[5] === 1];
  return machines.get(little ? head.readUInt16LE(18) : head.readUInt16BE(18))?.(wide, little);
}
