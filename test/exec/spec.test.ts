import { assert } from "chai";
import type { DeviceEdits, DeviceNode } from "../../src/exec/device-edits.js";
import type { SandboxProcess } from "../../src/exec/executor.js";
import { seccompProfile } from "../../src/exec/seccomp-profile.js";
import { runtimeSpec, serializeSpec, type SpecInput } from "../../src/exec/spec.js";

type StepProcess = SpecInput["process"];

const gadget: DeviceNode = {
  path: "/dev/gadget",
  source: "/dev/null",
  type: "c",
  major: 1,
  minor: 3,
  access: "r",
  fileMode: 0o640,
  uid: undefined,
  gid: 6,
};

const devices: DeviceEdits = {
  env: ["PATH=/device"],
  nodes: [gadget, { ...gadget, path: "/dev/pipe", type: "p" }],
  mounts: [],
  additionalGids: [44, 50],
  hooks: { createContainer: [{ path: "/bin/hook" }] },
};

const process: StepProcess = {
  argv: ["/bin/sh", "-c", "true"],
  env: ["PATH=/bin"],
  cwd: "/app",
  hostname: "buildkitsandbox",
  network: "none",
  security: "sandbox",
  mounts: [],
  secretEnv: [],
  shmSize: 65536,
  extraHosts: [],
  devices: undefined,
  resources: {},
  cgroupParent: undefined,
  ulimits: [],
  stdin: undefined,
  started: () => undefined,
  terminal: false,
};

const input: SpecInput = {
  process,
  user: { uid: 1000, gid: 1001, additionalGids: [50], home: "/home/web" },
  rootPath: "/work/root",
  machine: {
    architecture: "amd64",
    userNamespace: false,
    capabilities: (1n << 41n) - 1n,
    devices: [{ path: "/dev/fuse", type: "c", major: 10, minor: 229 }],
  },
  mounts: [{ kind: "bind", source: "/host/file", target: "/etc/hosts", readonly: true }],
  networkNamespace: undefined,
  cgroupsPath: "/tsbuild-1-2-3",
};

function nodeOf(path: string, type: string) {
  return { path, type, major: 1, minor: 3, fileMode: 0o640, gid: 6 };
}

/** What a runtime would read. */
function read(changes: Partial<SpecInput> = {}): unknown {
  return JSON.parse(serializeSpec(runtimeSpec({ ...input, ...changes })));
}

function withProcess(changes: Partial<SandboxProcess>): unknown {
  return read({ process: { ...process, ...changes } });
}

describe("runtimeSpec()", () => {
  const facts: readonly { name: string; spec: unknown; path: string; want: unknown }[] = [
    { name: "the arguments", spec: read(), path: "process.args", want: process.argv },
    {
      name: "HOME, where it is missing",
      spec: read(),
      path: "process.env",
      want: ["PATH=/bin", "HOME=/home/web"],
    },
    {
      name: "a given HOME",
      spec: withProcess({ env: ["HOME="] }),
      path: "process.env",
      want: ["HOME="],
    },
    {
      name: "the user, whose own group is among the additional ones",
      spec: read(),
      path: "process.user",
      want: { uid: 1000, gid: 1001, additionalGids: [1001, 50], umask: 18 },
    },
    { name: "no no-new-privileges", spec: read(), path: "process.noNewPrivileges", want: false },
    { name: "a cgroup", spec: read(), path: "linux.cgroupsPath", want: "/tsbuild-1-2-3" },
    {
      name: "the cgroups of all steps, for one without its own",
      spec: read({ cgroupsPath: undefined, cgroupView: "/view" }),
      path: "mounts[6].source",
      want: "/view",
    },
    {
      name: "its own cgroup, for one that has it",
      spec: read({ cgroupView: "/view" }),
      path: "mounts[6].source",
      want: "cgroup",
    },
    {
      name: "no device rules without a cgroup",
      spec: read({ cgroupsPath: undefined }),
      path: "linux.resources",
      want: undefined,
    },
    {
      name: "all devices denied first",
      spec: read(),
      path: "linux.resources.devices[0]",
      want: { allow: false, access: "rwm" },
    },
    {
      name: "all devices when insecure",
      spec: withProcess({ security: "insecure" }),
      path: "linux.resources.devices",
      want: [{ allow: true, access: "rwm" }],
    },
    { name: "no host devices", spec: read(), path: "linux.devices", want: undefined },
    {
      name: "host devices when insecure",
      spec: withProcess({ security: "insecure" }),
      path: "linux.devices",
      want: input.machine.devices,
    },
    {
      name: "R12 nodes of devices, owned by the user",
      spec: withProcess({ devices }),
      path: "linux.devices[0]",
      want: { ...nodeOf("/dev/gadget", "c"), uid: 1000 },
    },
    {
      name: "R12 rules for nodes but FIFOs",
      spec: withProcess({ devices }),
      path: "linux.resources.devices[12]",
      want: { allow: true, type: "c", major: 1, minor: 3, access: "r" },
    },
    {
      name: "R12 no rule more",
      spec: withProcess({ devices }),
      path: "linux.resources.devices[13]",
      want: undefined,
    },
    {
      name: "R12 no nodes in a user namespace",
      spec: read({
        process: { ...process, devices },
        machine: { ...input.machine, userNamespace: true },
      }),
      path: "linux.devices",
      want: undefined,
    },
    {
      name: "R12 variables of devices in place of others",
      spec: withProcess({ devices, env: ["PATH=/bin", "A=b"], secretEnv: ["PATH=/secret"] }),
      path: "process.env",
      want: ["A=b", "PATH=/device", "HOME=/home/web"],
    },
    {
      name: "R12 groups of devices",
      spec: withProcess({ devices }),
      path: "process.user.additionalGids",
      want: [1001, 50, 44],
    },
    {
      name: "R12 hooks of devices",
      spec: withProcess({ devices }),
      path: "hooks",
      want: { createContainer: [{ path: "/bin/hook" }] },
    },
    {
      name: "nothing masked when insecure",
      spec: withProcess({ security: "insecure" }),
      path: "linux.maskedPaths",
      want: undefined,
    },
    {
      name: "no filter when insecure",
      spec: withProcess({ security: "insecure" }),
      path: "linux.seccomp",
      want: undefined,
    },
    {
      name: "a filter that allows nothing when the runtime gets the compiled one",
      spec: read({ hasCompiledFilter: true }),
      path: "linux.seccomp",
      want: {
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrnoRet: 1,
        architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        syscalls: [],
      },
    },
    {
      name: "no filter on a strange machine",
      spec: read({ machine: { ...input.machine, architecture: "z80" } }),
      path: "linux.seccomp",
      want: undefined,
    },
    {
      name: "a new network namespace for none",
      spec: read(),
      path: "linux.namespaces[5]",
      want: { type: "network" },
    },
    {
      name: "no network namespace for host",
      spec: withProcess({ network: "host" }),
      path: "linux.namespaces[5]",
      want: undefined,
    },
    {
      name: "the shared one for default",
      spec: read({ process: { ...process, network: "default" }, networkNamespace: "/ns" }),
      path: "linux.namespaces[5]",
      want: { type: "network", path: "/ns" },
    },
    {
      name: "the step's mounts last",
      spec: read(),
      path: "mounts[7]",
      want: {
        destination: "/etc/hosts",
        type: "bind",
        source: "/host/file",
        options: ["rbind", "rprivate", "ro"],
      },
    },
    { name: "/dev/shm by size", spec: read(), path: "mounts[3].options[4]", want: "size=65536" },
    {
      name: "a sysfs",
      spec: withProcess({ network: "host" }),
      path: "mounts[5].type",
      want: "sysfs",
    },
    {
      name: "the host's /sys where a user may not mount one",
      spec: read({
        process: { ...process, network: "host" },
        machine: { ...input.machine, userNamespace: true },
      }),
      path: "mounts[5].type",
      want: "bind",
    },
  ];
  for (const { name, spec, path, want } of facts) {
    it(`gives ${name}`, () => {
      if (want === undefined) assert.notNestedProperty(spec, path);
      else assert.deepNestedPropertyVal(spec, path, want);
    });
  }

  it("gives Docker's fourteen capabilities, and no inheritable ones", () => {
    const { capabilities } = (read() as { process: { capabilities: Record<string, string[]> } })
      .process;
    assert.sameMembers(Object.keys(capabilities), ["bounding", "effective", "permitted"]);
    for (const set of Object.values(capabilities)) assert.lengthOf(set, 14);
  });

  it("gives no capability that the engine lacks", () => {
    const machine = { ...input.machine, capabilities: 1n << 5n };
    for (const security of ["sandbox", "insecure"] as const) {
      const spec = read({ machine, process: { ...process, security } });
      assert.deepNestedPropertyVal(spec, "process.capabilities.bounding", ["CAP_KILL"]);
    }
  });
});

describe("serializeSpec()", () => {
  it("writes an unlimited limit as the largest number", () => {
    const ulimits = [{ type: "nofile", soft: 1, hard: -1 }] as const;
    const text = serializeSpec(runtimeSpec({ ...input, process: { ...process, ulimits } }));
    assert.include(text, '{"type":"RLIMIT_NOFILE","soft":1,"hard":18446744073709551615}');
  });

  it("leaves a text that looks like one alone", () => {
    const env = ['"hard":"unlimited"', "hard=unlimited"];
    assert.deepNestedPropertyVal(withProcess({ env }), "process.env", [...env, "HOME=/home/web"]);
  });
});

describe("seccompProfile()", () => {
  for (const [architecture, own, other] of [
    ["amd64", "arch_prctl", "riscv_flush_icache"],
    ["arm64", "cacheflush", "arch_prctl"],
    ["riscv64", "riscv_flush_icache", "modify_ldt"],
    ["s390x", "s390_runtime_instr", "cacheflush"],
  ] as const) {
    it(`allows what ${architecture} has, and not what others have`, () => {
      const names = allowed(architecture);
      assert.include(names, own);
      assert.notInclude(names, other);
    });
  }

  it("allows nothing that changes the machine", () => {
    const names = allowed("amd64");
    const forbidden =
      "mount umount2 pivot_root setns unshare bpf reboot swapon init_module kexec_load keyctl " +
      "add_key userfaultfd io_uring_setup open_by_handle_at clone clone3 settimeofday acct iopl";
    for (const name of forbidden.split(" ")) assert.notInclude(names, name);
  });

  it("names every call once", () => {
    const names = allowed("amd64");
    assert.lengthOf(new Set(names), names.length);
  });
});

/** What is allowed whatever the arguments. */
function allowed(architecture: string): readonly string[] {
  return seccompProfile(architecture)?.syscalls[0]?.names ?? [];
}
