import { BuildError } from "../../error.js";
import type { RuntimeConfig } from "../../oci/image.js";
import type { Platform } from "../../oci/platform.js";
import type { Instruction } from "../../parser/instruction.js";
import { parseDockerfile } from "../../parser/parse-dockerfile.js";
import { makePlan } from "../../plan/make-plan.js";
import type { PlanOptions } from "../../plan/plan.js";

/** What `docker import --change` takes. */
const allowed: ReadonlySet<Instruction["kind"]> = new Set<Instruction["kind"]>([
  "cmd",
  "entrypoint",
  "env",
  "expose",
  "healthcheck",
  "label",
  "onbuild",
  "stopsignal",
  "user",
  "volume",
  "workdir",
]);

/** The configuration that these instructions give an image that has none. */
export function changedConfig(changes: readonly string[], platform: Platform): RuntimeConfig {
  const usual = configOf([], platform);
  const { Env = [], ...config } = configOf(changes, platform);
  // what a build gives every image is not a change
  const env = Env.filter((variable) => usual.Env?.includes(variable) !== true);
  const own = Object.entries(config).filter(
    ([key, value]) => value !== usual[key as keyof RuntimeConfig],
  );
  return { ...Object.fromEntries(own), ...(env.length > 0 && { Env: env }) };
}

function configOf(changes: readonly string[], platform: Platform): RuntimeConfig {
  const text = ["FROM scratch", ...changes].join("\n");
  const dockerfile = parseDockerfile({ name: "--change", text });
  const [, ...instructions] = dockerfile.instructions;
  for (const { kind, keyword, at } of instructions) {
    if (allowed.has(kind)) continue;
    const message = `Cannot use --change with ${keyword.toUpperCase()}: it does more than change the configuration`;
    throw new BuildError("USAGE", message, { at });
  }
  const planned = makePlan(dockerfile, optionsFor(platform), new Map());
  if (planned.kind !== "plan") throw new Error(`scratch needs ${planned.images.length} images`);
  const { stages, target } = planned.plan;
  return stages[target]?.config.config ?? {};
}

function optionsFor(platform: Platform): PlanOptions {
  const nothing = { target: undefined, buildArgs: new Map() };
  const rest = { labels: new Map(), network: "default", namedContexts: new Map() } as const;
  return { ...nothing, ...rest, buildPlatform: platform, targetPlatform: platform };
}
