import { locate, type Span } from "../error.js";
import type { ImageConfig, RuntimeConfig } from "../oci/image.js";
import { copyAll } from "./apply-copy.js";
import type { Draft } from "./draft.js";
import { EnvList } from "./env-list.js";
import { lintBasePlatform } from "./from-line.js";
import { joinWorkdir } from "./paths.js";
import { imageKey } from "./plan.js";
import type { Setting } from "./setting.js";
import type { Stage } from "./stage.js";

/** PATH, where an image has none (I13). */
export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What a stage may be built from. */
export interface Surroundings {
  readonly setting: Setting;
  readonly stages: readonly Stage[];
  /** The drafts of earlier stages, finished, by their index in the file. */
  readonly drafts: readonly Draft[];
  readonly images: ReadonlyMap<string, ImageConfig>;
}

/** A stage as its base leaves it, before its first instruction. */
export function startStage(stage: Stage, { setting, stages, drafts, images }: Surroundings): Draft {
  const base = stage.base.kind === "stage" ? drafts[stage.base.stage.index] : undefined;
  const image = base?.image ?? baseImage(stage, setting, images);
  if (stage.base.kind === "image" && image !== undefined) {
    lintBasePlatform(stage.base.request, image, setting);
  }
  const config = startConfig(base?.config ?? image?.config ?? {}, {
    os: image?.os ?? stage.platform.os,
    at: stage.from.image.at,
  });
  const draft: Draft = {
    stage,
    setting,
    stages,
    complete: base?.complete ?? image !== undefined,
    image: image ?? emptyImage(setting),
    config,
    variables: new EnvList(config.Env ?? []),
    labels: undefined,
    ports: undefined,
    volumes: undefined,
    env: new Map([...(base?.env ?? []), ...(config.Env ?? []).map(splitVariable)]),
    args: new Map(base?.args),
    steps: [],
    history: [],
    given: new Map(),
    workdirGiven: base?.workdirGiven ?? false,
    triggered: false,
    guesses: 0,
  };
  if (stage.base.kind === "directory") startFromDirectory(draft, stage.base.name);
  return draft;
}

function baseImage(
  { base }: Stage,
  setting: Setting,
  images: ReadonlyMap<string, ImageConfig>,
): ImageConfig | undefined {
  return base.kind === "image" ? images.get(imageKey(base.request)) : emptyImage(setting);
}

/** What FROM scratch starts from (S01); it is for the platform of the build, whatever FROM says. */
function emptyImage({ options }: Setting): ImageConfig {
  const { os, architecture, variant } = options.targetPlatform ?? options.buildPlatform;
  return {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config: { WorkingDir: "/" },
    rootfs: { type: "layers", diff_ids: [] },
  };
}

/** The base's config without its ONBUILD, with a PATH (I13) and a clean working directory. */
function startConfig(
  { OnBuild: _, ...config }: RuntimeConfig,
  { os, at }: { readonly os: string; readonly at: Span },
): RuntimeConfig {
  const variables = new EnvList(config.Env ?? []);
  if (os !== "windows" && !variables.has("PATH")) variables.set("PATH", defaultPath);
  return {
    ...config,
    Env: variables.entries,
    ...(config.WorkingDir ? { WorkingDir: cleanDirectory(config.WorkingDir, at) } : {}),
  };
}

function cleanDirectory(path: string, at: Span): string {
  try {
    return joinWorkdir("", path);
  } catch (error) {
    throw locate(error, at);
  }
}

function splitVariable(entry: string): [name: string, value: string] {
  const [name = ""] = entry.split("=", 1);
  return [name, entry.slice(name.length + 1)];
}

/** A directory has no history; the line for its layer says so, as BuildKit's exporter does (H03). */
function startFromDirectory({ steps, history, stage }: Draft, name: string): void {
  const step = steps.push(copyAll(name, stage.from.at)) - 1;
  history.push({ entry: { comment: "buildkit.exporter.image.v0" }, step });
}
