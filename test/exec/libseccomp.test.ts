import { assert } from "chai";
import { arch } from "node:os";
import { seccompProfile } from "../../src/exec/seccomp-profile.js";
import { hostPlatform } from "../../src/oci/platform.js";
import { bindIn } from "../../src/sys/libc.js";
import { compileFilter, type SeccompRule } from "../../src/sys/libseccomp.js";
import { runFilter } from "./run-filter.js";

const resolveArch = bindIn("libseccomp.so.2", "uint32_t seccomp_arch_resolve_name(const char*)");
const resolveCall = bindIn(
  "libseccomp.so.2",
  "int seccomp_syscall_resolve_name_arch(uint32_t, const char*)",
);

const ALLOWED = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;

describe("compileFilter()", () => {
  const profile = seccompProfile(hostPlatform(arch()).architecture);
  if (profile === undefined) throw new Error("no profile for this machine");
  const program = compileFilter(profile);
  if (program === undefined) throw new Error("no libseccomp on this machine");
  const [own = ""] = profile.architectures;

  it("answers every number as the profile does", () => {
    const token = tokenOf(own);
    const answers = new Map<number, number | undefined>();
    for (const rule of profile.syscalls) {
      const answer = rule.args === undefined ? answerOf(rule) : undefined;
      for (const call of rule.names) answers.set(numberOf(token, call), answer);
    }
    for (let number = 0; number < 1024; number++) {
      const want = answers.has(number) ? answers.get(number) : EPERM;
      if (want === undefined) continue; // it depends on arguments
      assert.equal(runFilter(program, { number, token }), want, `${number}`);
    }
  });

  it("knows the machine's other architectures", () => {
    const [, other = own] = profile.architectures; // the third one, x32, is but a bit in numbers
    for (const name of [own, other]) {
      const token = tokenOf(name);
      const answer = (call: string): number =>
        runFilter(program, { number: numberOf(token, call), token });
      assert.equal(answer("read"), ALLOWED, name);
      assert.equal(answer("mount"), EPERM, name);
      assert.equal(answer("clone3"), ENOSYS, name);
    }
  });

  it("looks at arguments", () => {
    const token = tokenOf(own);
    const answer = (call: string, ...args: readonly number[]): number =>
      runFilter(program, { number: numberOf(token, call), token, args });
    const flags = profile.syscalls.find(({ names }) => names.includes("clone"))?.args?.[0]?.index;
    const clone = (bits: number): number => answer("clone", ...(flags === 1 ? [0, bits] : [bits]));
    assert.equal(answer("socket", 2), ALLOWED);
    assert.equal(answer("socket", 40), EPERM);
    assert.equal(answer("personality", 0xffffffff), ALLOWED);
    assert.equal(answer("personality", 0x20000), ALLOWED);
    assert.equal(answer("personality", 1), EPERM);
    assert.equal(clone(0x01200011), ALLOWED);
    assert.equal(clone(0x10000011), EPERM);
    assert.equal(answer("clone3"), ENOSYS);
  });

  it("kills what calls in the way of a machine that is not named", () => {
    const strange = profile.architectures.includes("SCMP_ARCH_S390X") ? "x86_64" : "s390x";
    assert.equal(runFilter(program, { number: 1, token: tokenOf(strange) }), 0);
  });
});

function tokenOf(name: string): number {
  return Number(resolveArch(name.replace("SCMP_ARCH_", "").toLowerCase()));
}

function numberOf(token: number, call: string): number {
  return Number(resolveCall(token, call));
}

function answerOf(rule: SeccompRule): number {
  return rule.action === "SCMP_ACT_ALLOW" ? ALLOWED : 0x00050000 | rule.errnoRet;
}
