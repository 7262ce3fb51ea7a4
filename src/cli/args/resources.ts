import type { Resources } from "../../exec/resources.js";
import { suggest } from "../../suggest.js";
import { splitCsv } from "./csv.js";
import type { Flags } from "./flags.js";
import { parseSize } from "./size.js";
import { badValue } from "./usage-error.js";

/** One limit, as the runtime takes it; as Docker has it, 0 and an empty value take it away again. */
type Limit = Partial<Resources>;
type LimitParser = (flag: string, text: string) => Limit;

const MiB = 1024 * 1024;
/** Docker's smallest memory limit: less is not enough to start anything. */
const LEAST_MEMORY = 6 * MiB;
/** The kernel's own default period, in microseconds. */
const PERIOD = 100_000;

const limits: Readonly<Record<string, LimitParser>> = {
  memory: (flag, text) => ({ memory: memory(flag, text) }),
  "memory-swap": (flag, text) => ({ memorySwap: text === "-1" ? -1 : bytes(flag, text) }),
  "cpu-shares": (flag, text) => ({ cpuShares: whole(flag, text, 2) }),
  "cpu-period": (flag, text) => ({ cpuPeriod: whole(flag, text, 1000) }),
  "cpu-quota": (flag, text) => ({ cpuQuota: text === "-1" ? -1 : whole(flag, text, 1000) }),
  "cpuset-cpus": (flag, text) => ({ cpusetCpus: list(flag, text) }),
  "cpuset-mems": (flag, text) => ({ cpusetMems: list(flag, text) }),
  cpus: (flag, text) => processors(flag, text),
  "pids-limit": (flag, text) => ({ pids: text === "-1" ? -1 : whole(flag, text, 1) }),
};

/** Declares the flags that limit a RUN (F27), and answers what tells their values once they are read. */
export function declareLimits(flags: Flags): () => Resources {
  const given = [
    flags.many("-m, --memory <size>", "memory of each RUN, such as 1g", limit("memory")),
    flags.many(
      "--memory-swap <size>",
      "memory and swap together; -1: no limit",
      limit("memory-swap"),
    ),
    flags.many("-c, --cpu-shares <n>", "weight among others (default 1024)", limit("cpu-shares")),
    flags.many("--cpu-period <µs>", "period of the processor quota", limit("cpu-period")),
    flags.many("--cpu-quota <µs>", "processor time in each period", limit("cpu-quota")),
    flags.many("--cpus <n>", "processors, such as 1.5", limit("cpus")),
    flags.many("--cpuset-cpus <list>", "processors to run on, such as 0-2,4", limit("cpuset-cpus")),
    flags.many("--cpuset-mems <list>", "memory nodes to use", limit("cpuset-mems")),
    flags.many("--pids-limit <n>", "processes of each RUN", limit("pids-limit")),
    flags.many("--resource <name=value>", "any of these limits", parseResource),
  ];
  return () => checked(Object.assign({}, ...given.flatMap((values) => values())) as Resources);
}

function limit(name: string): (text: string) => Limit {
  return (text) => limits[name]?.(`--${name}`, text) ?? {};
}

/** Reads `NAME=VALUE[,NAME=VALUE…]`. */
export function parseResource(text: string): Limit {
  const values = splitCsv("--resource", text).map((field) => {
    const equals = field.indexOf("=");
    const name = field.slice(0, Math.max(0, equals));
    const parse = Object.hasOwn(limits, name) ? limits[name] : undefined;
    if (equals < 0) throw badValue("--resource", text, `"${field}" is not NAME=VALUE`);
    if (parse === undefined) throw unknownName(text, name);
    return parse(`--resource ${name}`, field.slice(equals + 1));
  });
  return Object.assign({}, ...values) as Limit;
}

function unknownName(text: string, name: string): Error {
  const names = Object.keys(limits);
  const near = suggest(name, names);
  const hint =
    near === undefined ? `the limits are ${names.join(", ")}` : `did you mean "${near}"?`;
  return badValue("--resource", text, `no limit is called "${name}"`, hint);
}

function checked(resources: Resources): Resources {
  const { memory: bytes, memorySwap } = resources;
  if (memorySwap === undefined || memorySwap === -1) return resources;
  if (bytes === undefined) {
    throw badValue("--memory-swap", String(memorySwap), "it needs --memory beside it");
  }
  if (memorySwap >= bytes) return resources;
  throw badValue(
    "--memory-swap",
    String(memorySwap),
    "it is less than --memory, which it includes",
  );
}

function memory(flag: string, text: string): number | undefined {
  const limit = bytes(flag, text);
  if (limit === undefined || limit >= LEAST_MEMORY) return limit;
  throw badValue(flag, text, "a step needs at least 6m");
}

function bytes(flag: string, text: string): number | undefined {
  return text === "" || text === "0" ? undefined : parseSize(flag, text);
}

function whole(flag: string, text: string, least: number): number | undefined {
  if (text === "0") return undefined;
  if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
  throw badValue(flag, text, `want a whole number of at least ${least}`);
}

function processors(flag: string, text: string): Limit {
  if (text === "0") return { cpuPeriod: undefined, cpuQuota: undefined };
  if (/^\d{1,6}(?:\.\d{1,6})?$/.test(text) && Number(text) >= 0.01) {
    return { cpuPeriod: PERIOD, cpuQuota: Math.round(Number(text) * PERIOD) };
  }
  throw badValue(flag, text, "want a number of at least 0.01");
}

function list(flag: string, text: string): string | undefined {
  if (text === "") return undefined;
  if (/^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/.test(text)) return text;
  throw badValue(flag, text, 'want numbers and ranges, such as "0-2,4"');
}
