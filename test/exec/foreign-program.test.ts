import { assert } from "chai";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { foreignArchitecture } from "../../src/exec/foreign-program.js";

/** The beginning of a program: the kernel and the tests read no more of it. */
function elf(machine: number, { wide = true, little = true } = {}): Buffer {
  const head = Buffer.alloc(64);
  head.write("\x7fELF", "latin1");
  head.set([wide ? 2 : 1, little ? 1 : 2, 1], 4);
  const fields = [2, machine]; // an executable
  for (const [i, value] of fields.entries()) {
    if (little) head.writeUInt16LE(value, 16 + 2 * i);
    else head.writeUInt16BE(value, 16 + 2 * i);
  }
  return head;
}

const arm64 = elf(183);
/** As Debian's qemu-user-static registers it. */
const entry = `enabled
interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
flags: POCF
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
`;

type Files = Readonly<Record<string, Buffer | string | { readonly link: string }>>;

describe("foreignArchitecture()", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tsbuild-foreign-"));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  function write(files: Files): void {
    for (const [name, content] of Object.entries(files)) {
      const path = join(root, name);
      mkdirSync(dirname(path), { recursive: true });
      if (typeof content === "string" || Buffer.isBuffer(content)) writeFileSync(path, content);
      else symlinkSync(content.link, path);
    }
  }

  function ask(argv: readonly string[], architecture = "amd64"): string | undefined {
    const program = { argv, env: ["PATH=/usr/bin:/bin"], cwd: "/w" };
    return foreignArchitecture(join(root, "fs"), program, {
      architecture,
      binfmt: join(root, "binfmt"),
    });
  }

  const machines: readonly (readonly [name: string, head: Buffer])[] = [
    ["arm64", arm64],
    ["arm", elf(40, { wide: false })],
    ["riscv64", elf(243)],
    ["s390x", elf(22, { little: false })],
    ["ppc64le", elf(21)],
    ["ppc64", elf(21, { little: false })],
    ["mips64le", elf(8)],
    ["mips", elf(8, { wide: false, little: false })],
    ["loong64", elf(258)],
  ];
  for (const [name, head] of machines) {
    it(`M05 tells ${name}`, () => {
      write({ "fs/bin/sh": head });
      assert.strictEqual(ask(["/bin/sh"]), name);
    });
  }

  it("M05 finds nothing wrong with what a processor runs by itself", () => {
    write({ "fs/bin/a": elf(62), "fs/bin/b": elf(3, { wide: false }), "fs/bin/c": arm64 });
    assert.isUndefined(ask(["a"]));
    assert.isUndefined(ask(["b"]));
    assert.isUndefined(ask(["c"], "arm64"));
    assert.strictEqual(ask(["a"], "arm64"), "amd64");
  });

  it("looks in PATH, through links inside of the root, at the interpreter of a script", () => {
    write({
      "fs/bin/real": arm64,
      "fs/usr/bin/tool": { link: "/bin/real" },
      "fs/w/run.sh": "#!/bin/real -e\necho",
      "fs/bin/out": { link: "../../../../bin/sh" },
    });
    assert.strictEqual(ask(["tool"]), "arm64");
    assert.strictEqual(ask(["./run.sh"]), "arm64");
    assert.isUndefined(ask(["/bin/out"]), "the host's is none of its files");
  });

  it("knows nothing of what is missing, no program or no file", () => {
    write({ "fs/bin/text": "echo", "fs/bin/dir/x": "", "fs/bin/strange": elf(4711) });
    for (const name of ["none", "/none", "text", "dir", "strange", ""]) {
      assert.isUndefined(ask([name]), name);
    }
    assert.isUndefined(ask([]));
  });

  const registered: readonly (readonly [title: string, files: Files, runs: boolean])[] = [
    ["with an interpreter", { status: "enabled\n", "qemu-aarch64": entry }, true],
    ["without binfmt_misc", {}, false],
    ["with nothing registered", { status: "enabled\n", register: "" }, false],
    ["with all of it disabled", { status: "disabled\n", "qemu-aarch64": entry }, false],
    [
      "with its own disabled",
      { status: "enabled\n", a: entry.replace("enabled", "disabled") },
      false,
    ],
    [
      "with that of another machine",
      { status: "enabled\n", a: entry.replace("0200b700", "0200f300") },
      false,
    ],
    ["with one for a suffix", { status: "enabled\n", a: "enabled\nextension .sh\n" }, false],
  ];
  for (const [title, files, runs] of registered) {
    it(`M05 ${runs ? "trusts" : "does not run"} a foreign program ${title}`, () => {
      write({ "fs/bin/sh": arm64 });
      for (const [name, text] of Object.entries(files)) write({ [`binfmt/${name}`]: text });
      assert.strictEqual(ask(["sh"]), runs ? undefined : "arm64");
    });
  }
});
