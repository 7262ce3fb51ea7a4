import { BuildError } from "../../error.js";
import type { ImageConfig } from "../../oci/image.js";
import { familiarReference, parseReference } from "../../oci/reference.js";
import type { ImageRecord } from "../../store/image-record.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../store-command.js";
import { Template } from "../format/template.js";
import { struct } from "../format/template-value.js";
import type { Io } from "../io.js";
import { sizeOf } from "./image-fields.js";

type InspectCommand = Extract<StoreCommand, { kind: "inspect" }>;

/**
 * `tsbuild inspect NAME…`: a JSON array in Docker's form, or what a template makes of each. What is not
 * there is told at the end, after the rest was printed.
 */
export async function runInspect(command: InspectCommand, store: Store, io: Io): Promise<number> {
  const print = printer(command.format);
  const found: unknown[] = [];
  const missing: string[] = [];
  for (const name of command.names) {
    const record = store.images.find(name);
    if (record === undefined) missing.push(name);
    else found.push(await describe(record, store));
  }
  io.out.write(print(found));
  if (missing.length === 0) return 0;
  throw new BuildError(
    "IMAGE_NOT_FOUND",
    `Cannot find ${missing.map((name) => `"${name}"`).join(", ")} in the store`,
  );
}

function printer(format: string | undefined): (images: readonly unknown[]) => string {
  if (format === undefined) return (images) => `${JSON.stringify(images, undefined, 4)}\n`;
  if (format.trim() === "json") return (images) => `${JSON.stringify(images)}\n`;
  const template = new Template(format);
  return (images) => images.map((image) => `${template.render(image)}\n`).join("");
}

async function describe(record: ImageRecord, store: Store): Promise<unknown> {
  const config = await store.images.config(record);
  return struct(
    {
      Id: record.id,
      ...namesOf(record, store),
      Parent: "",
      Comment: config.history?.at(-1)?.comment ?? "",
      Created: config.created,
      Author: config.author ?? "",
      Config: struct({ ...config.config }, absentConfig),
      Architecture: config.architecture,
      Variant: config.variant,
      Os: config.os,
      Size: sizeOf(config, store),
      RootFS: struct({ Type: "layers", Layers: config.rootfs.diff_ids }),
      Metadata: struct({ LastTagTime: new Date(record.createdAt).toISOString() }),
    },
    { Created: "", Variant: "" },
  );
}

/** What a template finds in Config where an image says nothing. */
const absentConfig: Required<NonNullable<ImageConfig["config"]>> &
  Readonly<Record<string, unknown>> = {
  User: "",
  ExposedPorts: {},
  Env: [],
  Entrypoint: [],
  Cmd: [],
  Volumes: {},
  WorkingDir: "",
  Labels: {},
  StopSignal: "",
  ArgsEscaped: false,
  Healthcheck: {},
  OnBuild: [],
  Shell: [],
};

function namesOf(
  record: ImageRecord,
  { images }: Store,
): Readonly<Record<"RepoDigests" | "RepoTags", readonly string[]>> {
  const names = images.namesOf(record.id).map(parseReference);
  const digest = record.manifest?.digest;
  const repositories = names.map(({ registry, repository }) =>
    familiarReference({ registry, repository }),
  );
  return {
    RepoTags: names.filter(({ tag }) => tag !== undefined).map(familiarReference),
    RepoDigests:
      digest === undefined ? [] : [...new Set(repositories)].map((name) => `${name}@${digest}`),
  };
}
