import { parseAllow } from "../../../src/cli/args/allow.js";
import { splitCsv } from "../../../src/cli/args/csv.js";
import { parseHost } from "../../../src/cli/args/host.js";
import { parseResource } from "../../../src/cli/args/resources.js";
import { parseSsh } from "../../../src/cli/args/ssh.js";
import { parseSecret } from "../../../src/cli/args/secret.js";
import { parseSize } from "../../../src/cli/args/size.js";
import { parseUlimit } from "../../../src/cli/args/ulimit.js";
import { parseVolume } from "../../../src/cli/args/volume.js";
import { table } from "./table.js";

table("parseAllow()", parseAllow, [
  ["device", ["device"]],
  ["network.host,security.insecure", ["network.host", "security.insecure"]],
  ["device=a/b=c", [{ name: "a/b=c", alias: undefined }]],
  ["device=a/b=*,alias=mine", [{ name: "a/b=*", alias: "mine" }]],
  ["device=", 'Cannot use --allow "device=": the device is missing'],
  [
    "device=a/b,network.host",
    'Cannot use --allow "device=a/b,network.host": want device=NAME[,alias=NAME]',
  ],
  ["device=a/b,alias=", 'Cannot use --allow "device=a/b,alias=": want device=NAME[,alias=NAME]'],
  [
    "devices",
    'Cannot use --allow "devices": want buildx.local.delete, device, network.host, security.insecure; did you mean "device"?',
  ],
]);

const noSize = "want a number of bytes with an optional unit b, k, m, g or t";
table("parseSize()", (text) => parseSize("--shm-size", text), [
  ["0", 0],
  ["1024", 1024],
  ["64m", 64 * 1024 ** 2],
  ["64MB", 64 * 1024 ** 2],
  ["1.5g", 1.5 * 1024 ** 3],
  ["512 KiB", 512 * 1024],
  ["7b", 7],
  ["", `Cannot use --shm-size "": ${noSize}`],
  ["-1", `Cannot use --shm-size "-1": ${noSize}`],
  ["64x", `Cannot use --shm-size "64x": ${noSize}`],
  ["9999999p", 'Cannot use --shm-size "9999999p": too large'],
]);

table("parseUlimit()", parseUlimit, [
  ["nofile=1024:2048", { type: "nofile", soft: 1024, hard: 2048 }],
  ["nofile=1024", { type: "nofile", soft: 1024, hard: 1024 }],
  ["core=0:-1", { type: "core", soft: 0, hard: -1 }],
  ["memlock=unlimited", { type: "memlock", soft: -1, hard: -1 }],
  ["nofile", 'Cannot use --ulimit "nofile": want TYPE=SOFT[:HARD]'],
  ["nofile=", 'Cannot use --ulimit "nofile=": want TYPE=SOFT[:HARD]'],
  ["nofile=2:1", 'Cannot use --ulimit "nofile=2:1": the soft limit is above the hard one'],
  ["nofile=-1:1", 'Cannot use --ulimit "nofile=-1:1": the soft limit is above the hard one'],
  ["nofile=x", 'Cannot use --ulimit "nofile=x": "x" is not a number'],
  [
    "nofiles=1",
    'Cannot use --ulimit "nofiles=1": no limit is called "nofiles"; did you mean "nofile"?',
  ],
  [
    "as=1000000",
    'Cannot use --ulimit "as=1000000": no limit is called "as"; the limits are core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack',
  ],
]);

table("parseHost()", parseHost, [
  ["db=10.0.0.1", [{ name: "db", ip: "10.0.0.1" }]],
  ["db:10.0.0.1", [{ name: "db", ip: "10.0.0.1" }]],
  ["db:::1", [{ name: "db", ip: "::1" }]],
  ["db=[::1]", [{ name: "db", ip: "::1" }]],
  [
    "db=10.0.0.1,fe80::1",
    [
      { name: "db", ip: "10.0.0.1" },
      { name: "db", ip: "fe80::1" },
    ],
  ],
  ["db", 'Cannot use --add-host "db": want NAME=ADDRESS'],
  ["db=", 'Cannot use --add-host "db=": want NAME=ADDRESS'],
  ["db=10.0.0", 'Cannot use --add-host "db=10.0.0": "10.0.0" is not an IP address'],
  ["db=[1.2.3.4]", 'Cannot use --add-host "db=[1.2.3.4]": "[1.2.3.4]" is not an IP address'],
  ["db=host-gateway", [{ name: "db", ip: "host-gateway" }]],
]);

table("parseVolume()", parseVolume, [
  ["/a:/b", { source: "/a", target: "/b", readonly: false }],
  ["./a:/b:ro", { source: "./a", target: "/b", readonly: true }],
  ["..:/b:rw", { source: "..", target: "/b", readonly: false }],
  ["/a:b", 'Cannot use --volume "/a:b": "b" is not absolute'],
  ["/a:/b:z", 'Cannot use --volume "/a:/b:z": the mode "z" is neither ro nor rw'],
  ["/a:/b:ro:x", 'Cannot use --volume "/a:/b:ro:x": want SOURCE:TARGET[:ro|rw]'],
  ["/a", 'Cannot use --volume "/a": not supported yet; give SOURCE:TARGET'],
  [
    "data:/b",
    'Cannot use the named volume "data": not supported yet; for a directory write "./data"',
  ],
]);

table("splitCsv()", (text) => splitCsv("--output", text), [
  ["a", ["a"]],
  ["a,b", ["a", "b"]],
  ["a,", ["a", ""]],
  ['a,"b,c",d', ["a", "b,c", "d"]],
  ['"a""b"', ['a"b']],
  ['"a', 'Cannot use --output ""a": a quote is not closed or stands inside a field'],
]);

const file = { env: undefined };
const variable = { file: undefined };
table("F28 parseSecret()", parseSecret, [
  ["id=a,src=f", { id: "a", file: "f", ...file }],
  ["ID=a,source=f,type=file", { id: "a", file: "f", ...file }],
  ["id=a", { id: "a", file: undefined, env: undefined }],
  ["id=a,env=A", { id: "a", env: "A", ...variable }],
  ["id=a,type=env,src=A", { id: "a", env: "A", ...variable }],
  ["id=a,type=env", { id: "a", env: "a", ...variable }],
  ['id=a,"src=f,g"', { id: "a", file: "f,g", ...file }],
  ["src=f", 'Cannot use --secret "src=f": the id is missing'],
  ["id=a,f", 'Cannot use --secret "id=a,f": "f" is not KEY=VALUE'],
  ["id=a,scr=f", 'Cannot use --secret "id=a,scr=f": there is no key "scr"; did you mean "src"?'],
  ["id=a,type=dir", 'Cannot use --secret "id=a,type=dir": the type "dir" is neither file nor env'],
]);

table("F30 parseSsh()", parseSsh, [
  ["default", { id: "default", paths: [] }],
  ["x=/run/agent", { id: "x", paths: ["/run/agent"] }],
  ["x=a,b", { id: "x", paths: ["a", "b"] }],
  ["=a", 'Cannot use --ssh "=a": the id is missing'],
  ["x=", 'Cannot use --ssh "x=": a path is empty'],
]);

table("F27 parseResource()", parseResource, [
  ["memory=1g,memory-swap=-1", { memory: 2 ** 30, memorySwap: -1 }],
  ["memory=1g,memory=0,memory-swap=", { memory: undefined, memorySwap: undefined }],
  [
    "cpuset-cpus=0,cpuset-cpus=,cpu-shares=2,cpu-shares=0",
    { cpusetCpus: undefined, cpuShares: undefined },
  ],
  ["cpus=1,cpus=0,pids-limit=0", { cpuPeriod: undefined, cpuQuota: undefined, pids: undefined }],
  ["cpus=1.5", { cpuPeriod: 100000, cpuQuota: 150000 }],
  ["cpu-shares=2", { cpuShares: 2 }],
  ["cpu-period=1000", { cpuPeriod: 1000 }],
  ["cpu-quota=-1", { cpuQuota: -1 }],
  ['"cpuset-cpus=0-2,4"', { cpusetCpus: "0-2,4" }],
  ["cpuset-mems=0", { cpusetMems: "0" }],
  ["pids-limit=-1", { pids: -1 }],
  ["memory=1m", 'Cannot use --resource memory "1m": a step needs at least 6m'],
  ["cpus=0.001", 'Cannot use --resource cpus "0.001": want a number of at least 0.01'],
  ["cpu-shares=1", 'Cannot use --resource cpu-shares "1": want a whole number of at least 2'],
  [
    "cpuset-cpus=a",
    'Cannot use --resource cpuset-cpus "a": want numbers and ranges, such as "0-2,4"',
  ],
  [
    "memroy=1g",
    'Cannot use --resource "memroy=1g": no limit is called "memroy"; did you mean "memory"?',
  ],
  ["memory", 'Cannot use --resource "memory": "memory" is not NAME=VALUE'],
]);
