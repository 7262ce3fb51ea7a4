/** How much of the machine a step may take; undefined is no limit. Kept by its cgroup. */
export interface Resources {
  /** In bytes. */
  readonly memory?: number | undefined;
  /** Memory and swap together, in bytes; -1 is no limit. */
  readonly memorySwap?: number | undefined;
  readonly cpuShares?: number | undefined;
  /** In microseconds. */
  readonly cpuPeriod?: number | undefined;
  readonly cpuQuota?: number | undefined;
  /** Such as "0-3,7". */
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
  readonly pids?: number | undefined;
}

interface Limited {
  readonly resources: Resources;
  readonly cgroupParent: string | undefined;
}

/** Whether anything is limited that only a cgroup can. */
export function needsCgroup({ resources, cgroupParent }: Limited): boolean {
  return cgroupParent !== undefined || Object.values(resources).some((one) => one !== undefined);
}

/** The `linux.resources` of a specification, but for its devices (runtime-spec, config-linux.md). */
export function resourceSection(resources: Resources): object {
  const { memory, memorySwap, cpuShares, cpuPeriod, cpuQuota, cpusetCpus, cpusetMems } = resources;
  const { pids } = resources;
  const cpu = {
    shares: cpuShares,
    period: cpuPeriod,
    quota: cpuQuota,
    cpus: cpusetCpus,
    mems: cpusetMems,
  };
  return {
    ...section("memory", { limit: memory, swap: memorySwap }),
    ...section("cpu", cpu),
    ...section("pids", { limit: pids }),
  };
}

function section(name: string, values: Readonly<Record<string, number | string | undefined>>) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return given.length === 0 ? {} : { [name]: Object.fromEntries(given) };
}
