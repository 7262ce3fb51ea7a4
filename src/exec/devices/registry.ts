import { BuildError } from "../../error.js";
import { suggest } from "../../suggest.js";
import { readSpecFiles } from "./spec-files.js";
import type { CdiSpec, DeviceEntry } from "./spec-shape.js";

/** A device that a specification of this machine describes. */
export interface Device {
  /** `vendor/class=name`. */
  readonly name: string;
  readonly entry: DeviceEntry;
  readonly spec: CdiSpec;
}

/** Which devices are meant. */
export interface DeviceRequest {
  /** `vendor/class=name`; a class for a name, "*" or nothing after the class say which of them. */
  readonly name: string;
  /** None of them is an error. */
  readonly required: boolean;
}

const CLASS = "org.mobyproject.buildkit.device.class";

/** The devices of this machine. */
export class DeviceRegistry {
  readonly #directories: readonly string[];
  readonly #devices = new Map<string, Device>();
  /** Files that could not be used, and why. */
  readonly #problems: string[] = [];

  private constructor(directories: readonly string[]) {
    this.#directories = directories;
  }

  /** Reads the specifications of some directories; the same device in a later one wins. */
  static async read(directories: readonly string[]): Promise<DeviceRegistry> {
    const registry = new DeviceRegistry(directories);
    for (const directory of directories) await registry.#add(directory);
    return registry;
  }

  async #add(directory: string): Promise<void> {
    const found = new Map<string, Device>();
    const doubtful = new Set<string>();
    for (const file of await readSpecFiles(directory)) {
      if ("problem" in file) {
        this.#problems.push(file.problem);
        continue;
      }
      for (const device of devicesOf(file.spec)) {
        if (found.has(device.name)) doubtful.add(device.name);
        found.set(device.name, device);
      }
    }
    for (const [name, device] of found) this.#devices.set(name, device);
    for (const name of doubtful) {
      this.#devices.delete(name);
      this.#problems.push(`"${name}" is in "${directory}" more than once`);
    }
  }

  /** The devices that a request means. BuildError SANDBOX when there is none, and one is required. */
  find({ name, required }: DeviceRequest): readonly Device[] {
    const [kind = ""] = name.split("=", 1);
    const which = name.slice(kind.length + 1);
    const ofKind = this.#list().filter((device) => device.name.startsWith(`${kind}=`));
    const found = choose(ofKind, which);
    if (found.length > 0 || !required) return found;
    throw new BuildError("SANDBOX", `Cannot use device "${name}": it is not registered`, {
      hint: this.#advice(name),
    });
  }

  #list(): readonly Device[] {
    return [...this.#devices.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  #advice(name: string): string {
    const names = this.#list().map((device) => device.name);
    const near = suggest(name, names);
    const known =
      near !== undefined
        ? `did you mean "${near}"?`
        : names.length > 0
          ? `known are ${names.join(", ")}`
          : `no device is described in ${this.#directories.join(", ")}`;
    return [known, ...this.#problems].join("; ");
  }
}

function devicesOf(spec: CdiSpec): readonly Device[] {
  return spec.devices.map((entry) => ({ name: `${spec.kind}=${entry.name}`, entry, spec }));
}

/** All, the first, the one of that name, or those of that class. */
function choose(devices: readonly Device[], which: string): readonly Device[] {
  if (which === "*") return devices;
  if (which === "") return devices.slice(0, 1);
  const named = devices.filter(({ entry }) => entry.name === which);
  if (named.length > 0) return named;
  return devices.filter((device) => annotation(device, CLASS) === which);
}

/** What a device says of itself, else what its file says of all. */
export function annotation({ entry, spec }: Device, name: string): string | undefined {
  return entry.annotations?.[name] ?? spec.annotations?.[name];
}
