import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeviceRegistry } from "../../../src/exec/devices/registry.js";

/** Directories of CDI specifications, the first with the least to say. */
export class Specifications implements AsyncDisposable {
  readonly directories: readonly string[];
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
    this.directories = [join(root, "etc"), join(root, "run")];
  }

  /** `files`: by path below the two directories, such as "etc/acme.json"; objects become JSON. */
  static async write(files: Readonly<Record<string, object | string>>): Promise<Specifications> {
    const made = new Specifications(await mkdtemp(join(tmpdir(), "tsbuild-cdi-")));
    for (const directory of made.directories) await mkdir(directory);
    for (const [path, content] of Object.entries(files)) {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      await writeFile(join(made.#root, path), text);
    }
    return made;
  }

  async read(): Promise<DeviceRegistry> {
    return await DeviceRegistry.read(this.directories);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true });
  }
}

/** A specification of acme.com/gadget whose devices have these edits and annotations. */
export function gadgets(
  devices: Readonly<Record<string, object>>,
  more: object = {},
): Readonly<Record<string, unknown>> {
  return {
    cdiVersion: "0.6.0",
    kind: "acme.com/gadget",
    devices: Object.entries(devices).map(([name, entry]) => ({
      name,
      containerEdits: {},
      ...entry,
    })),
    ...more,
  };
}
